import { AUDIO_TAG, SCRIPT_TAG } from '#encoder/media/flv-tag.ts';
import { toLanguageTag } from '#encoder/media/language-tag.ts';
import { SourceProbe } from '#encoder/media/source-probe.ts';
import { planRenditions } from '#encoder/transcode/rendition-plan.ts';
import { encodeAmf0 } from '#kit/amf0.ts';

test.each([
  ['eng', 'en'],
  ['de', 'de'],
  ['pt_BR', 'pt-BR'],
  ['ZH-hant', 'zh-Hant'],
])('%s is %s', (text, expected) => {
  expect(toLanguageTag(text)).toBe(expected);
});

test.each([['und'], ['English language'], [''], ['en"'], ['e'], [7], [undefined], ['en-a-b']])(
  '%p names no language',
  (text) => {
    expect(toLanguageTag(text)).toBeNull();
  },
);

test.each([
  ['eng', 'en'],
  ['a "language"', undefined],
])('sound of a publisher whose metadata says %s has the language %s', (language, expected) => {
  const probe = new SourceProbe();
  const metadata = encodeAmf0('onMetaData', { audiocodecid: 10, language });
  probe.add({ type: SCRIPT_TAG, timestampMs: 0, payload: metadata });
  probe.add({ type: AUDIO_TAG, timestampMs: 0, payload: Buffer.from([0xaf, 0, 0x11, 0x90]) });
  const source = probe.description();
  if (source === null) throw new Error('the source is not known');
  expect(planRenditions(source, '360p', 'low').audio?.language).toBe(expected);
});
