import { StreamChecker } from '#scripts/check-hls/stream-checker.ts';
import { fileOf, goodStream, laterStream, type RecordedAnswer } from './good-stream.ts';
import { MUTATIONS } from './mutations.ts';

/** Another presentation of the same stream, whose media has other times. */
function nextPresentation(answers: readonly RecordedAnswer[]): RecordedAnswer[] {
  const [first, ...rest] = answers;
  if (first === undefined) throw new Error('no answer');
  const body = Buffer.from(first.body.toString().replace(/^(high|low)|(?<=URI=")(audio|low)/gm, 'next/$&'));
  return [{ ...first, body }, ...rest.map((each) => ({ ...each, url: each.url.replace('/id/', '/id/next/') }))];
}

function rulesBrokenBy(answers: readonly RecordedAnswer[]): string[] {
  const checker = new StreamChecker();
  for (const answer of answers)
    checker.add({ ...answer, headers: { 'content-length': `${answer.body.length}`, ...answer.headers } });
  return checker.findings().map(({ rule }) => rule);
}

test('a presentation is not compared with the one before it', () => {
  const next = goodStream();
  // The same change of one rendition alone is found.
  MUTATIONS['decode-times-aligned']?.(next);
  for (const rendition of ['low', 'audio']) shiftTimes(next, `${rendition}/0-`);
  expect(rulesBrokenBy([...goodStream(), ...nextPresentation(next)])).toEqual([]);
});

test('a presentation may follow another one at the same paths, and each is judged by itself', () => {
  const [broken, next] = [goodStream(), goodStream()];
  MUTATIONS['decode-times-aligned']?.(next);
  for (const rendition of ['low', 'audio']) shiftTimes(next, `${rendition}/0-`);
  expect(rulesBrokenBy([...goodStream(), ...laterStream(next, 60_000)])).toEqual([]);
  MUTATIONS['resolution-true']?.(broken);
  expect(rulesBrokenBy([...broken, ...laterStream(goodStream(), 60_000)])).toEqual(['resolution-true']);
});

test('what a presentation broke is found after its end', () => {
  const broken = goodStream();
  MUTATIONS['resolution-true']?.(broken);
  expect(rulesBrokenBy([...broken, ...nextPresentation(goodStream())])).toEqual(['resolution-true']);
});

test('timestamps may begin anew after a discontinuity', () => {
  const answers = goodStream();
  for (const rendition of ['high', 'low', 'audio']) shiftTimes(answers, `${rendition}/0-11.`, 40_000);
  expect(rulesBrokenBy(answers)).toEqual([]);
});

/** The same stream from a server whose media is in one folder, and whose files only their queries tell apart. */
function withQueries(answers: readonly RecordedAnswer[]): RecordedAnswer[] {
  return answers.map((answer) => {
    const [, rendition = '', file = ''] = /\/(high|low|audio)\/([^?]*)/.exec(answer.url) ?? [];
    const isPlaylist = file.endsWith('.m3u8');
    const moved = (name: string): string => `../media/file.${name.split('.').at(-1)}?of=${rendition}&name=${name}`;
    const text = answer.body.toString().replace(/\d+-[\w.]+\.(m4s|mp4)/g, moved);
    return {
      ...answer,
      body: isPlaylist ? Buffer.from(text) : answer.body,
      url: file === '' || isPlaylist ? answer.url : new URL(moved(file), answer.url).href,
    };
  });
}

test('files are known by their queries, in whatever folder they are', () => {
  expect(rulesBrokenBy(withQueries(goodStream()))).toEqual([]);
  for (const rule of ['listed-media-available', 'decode-times-aligned', 'file-unchanged']) {
    const answers = goodStream();
    MUTATIONS[rule]?.(answers);
    expect(rulesBrokenBy(withQueries(answers))).toEqual([rule]);
  }
});

/** The first answer is the multivariant playlist. */
function withMultivariant(answers: readonly RecordedAnswer[], edit: (text: string) => string): RecordedAnswer {
  const [first] = answers;
  if (first === undefined) throw new Error('no answer');
  return { ...first, body: Buffer.from(edit(first.body.toString())) };
}

test('what a variant promises that comes later is checked, too', () => {
  const answers = goodStream();
  MUTATIONS['bandwidth-is-peak']?.(answers);
  const before = withMultivariant(answers, (text) => text.replace(/#EXT-X-STREAM-INF.*\nhigh.*\n/, ''));
  expect(rulesBrokenBy([before, ...answers])).toEqual(['bandwidth-is-peak']);
});

test('a presentation has ended without a playlist that nobody could load', () => {
  const named =
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3000,AVERAGE-BANDWIDTH=3000,CODECS="avc1.42c01e",RESOLUTION=640x360,URI="high/iframes.m3u8"\n';
  const former = goodStream();
  former[0] = withMultivariant(former, (text) => `${text}${named}`);
  // The next presentation at the same paths has another size.
  const next = laterStream(goodStream(), 60_000).map((answer) => {
    if (!answer.url.includes('/high/')) return answer;
    const isPlaylist = answer.url.includes('.m3u8');
    const text = answer.body.toString('latin1').replaceAll('1-init.mp4', '2-init.mp4');
    const isInit = answer.url.endsWith('1-init.mp4');
    const body = isPlaylist ? Buffer.from(text) : isInit ? fileOf('low', '1-init.mp4') : answer.body;
    return { ...answer, url: answer.url.replace('1-init.mp4', '2-init.mp4'), body };
  });
  next[0] = withMultivariant(next, (text) => text.replace('640x360', '320x180'));
  expect(rulesBrokenBy([...former, ...next])).toEqual([]);
});

/** Without the hints of one rendition that match. */
function withoutHints(hinted: RegExp): RecordedAnswer[] {
  const hint = new RegExp(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${hinted.source}"\\n`);
  return goodStream().map((answer) => {
    const isHigh = answer.url.includes('high/media.m3u8');
    return isHigh ? { ...answer, body: Buffer.from(answer.body.toString().replace(hint, '')) } : answer;
  });
}

test('each part of a segment that has begun is hinted at', () => {
  expect(rulesBrokenBy(withoutHints(/0-20\.2\.m4s/))).toEqual(['hint-present']);
});

test('the first parts of segments may lack a hint as often as an encoder starts again, no more', () => {
  expect(rulesBrokenBy(withoutHints(/0-2[01]\.0\.m4s/))).toEqual([]);
  expect(rulesBrokenBy(withoutHints(/0-\d+\.0\.m4s/))).toEqual(['hint-present']);
});

/** A stream whose server holds a request back from the first playlist to the last one. */
function withHeldRequest(query: string): RecordedAnswer[] {
  const answers = goodStream();
  const plain = answers.filter(({ url }) => url.endsWith('high/media.m3u8'));
  const [first, last] = [plain.at(0), plain.at(-1)];
  if (first === undefined || last === undefined) throw new Error('no plain answer');
  const held = { ...last, url: `${last.url}?${query}`, startedAtMs: first.endedAtMs + 1 };
  answers.splice(answers.indexOf(last) + 1, 0, held);
  return answers;
}

test.each([
  ['_HLS_msn=22', ['too-far-ahead-is-400']],
  ['_HLS_msn=21', []],
  ['_HLS_msn=20&_HLS_part=7', ['too-far-ahead-is-400']],
  ['_HLS_msn=20&_HLS_part=6', []],
])('a server that holds %s back, when segment 19 has begun, breaks %j', (query, rules) => {
  expect(rulesBrokenBy(withHeldRequest(query))).toEqual(rules);
});

test('after EXT-X-ENDLIST, nothing is skipped', () => {
  const answers = goodStream();
  const [delta] = answers.filter(({ url, body }) => url.includes('_HLS_skip') && body.includes('EXT-X-SKIP')).slice(-1);
  const ended = answers.filter(({ url }) => url.includes('audio/media')).at(-1);
  if (delta === undefined || ended === undefined) throw new Error('no delta update');
  // All that it lists is the same.
  const body = delta.body.toString().replace(/#EXT-X-(PRELOAD|RENDITION).*\n/g, '');
  const times = { startedAtMs: ended.endedAtMs + 1, endedAtMs: ended.endedAtMs + 2 };
  answers.push({ ...delta, ...times, body: Buffer.from(`${body}#EXT-X-ENDLIST\n`) });
  expect(rulesBrokenBy(answers)).toEqual(['directives-ignored-after-end']);
});

/** By so many times 25 ms. */
function shiftTimes(answers: readonly RecordedAnswer[], name: string, times = 1): void {
  const ticks = times * (name.startsWith('audio') ? 1_200 : 320);
  for (const { url, body } of answers) {
    if (!url.includes(name)) continue;
    for (let at = body.indexOf('tfdt', 0, 'latin1'); at >= 0; at = body.indexOf('tfdt', at + 1, 'latin1')) {
      body.writeUInt32BE(body.readUInt32BE(at + 12) + ticks, at + 12);
    }
  }
}
