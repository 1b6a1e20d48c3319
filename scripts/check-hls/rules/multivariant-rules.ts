import { GROUPS, type MultivariantPlaylist, type Variant, variantKey } from '../playlist/multivariant-playlist.ts';
import type { Attributes } from '../playlist/playlist-lines.ts';
import { parseAttributes } from '../playlist/playlist-lines.ts';
import { type HlsRule, when } from '../rule.ts';

const VIDEO_CODEC = /\b(avc[13]|hvc1|hev1|dvh1|av01|vp09)\./;
const AUDIO_CODEC = /\b(mp4a\.|ac-3|ec-3|opus|fLaC|alac)/;
const authoring = (item: string): string => `Apple HLS authoring specification, ${item}`;

const each = ({ variants }: MultivariantPlaylist, flaw: (variant: Variant) => string | null): readonly string[] =>
  variants.flatMap((variant) => {
    const found = flaw(variant);
    return found === null ? [] : [`variant ${variant.uri} ${found}`];
  });

const duplicates = (values: readonly string[]): readonly string[] =>
  values.filter((value, index) => values.indexOf(value) < index);

/** What holds for a multivariant playlist by itself (RFC 8216bis 4.4.6). */
export const MULTIVARIANT_RULES: readonly HlsRule<MultivariantPlaylist>[] = [
  {
    id: 'variant-present',
    section: '4.4.6.2',
    check: ({ variants }) => when(variants.length === 0, () => 'no variant is listed'),
  },
  {
    id: 'variant-uri',
    section: '4.4.6.2',
    check: (playlist) => each(playlist, ({ uri }) => (uri === '' ? 'has no URI' : null)),
  },
  {
    id: 'variant-once',
    section: '6.2.4',
    check: ({ variants }) => duplicates(variants.map(variantKey)).map((variant) => `${variant} is listed twice`),
  },
  {
    id: 'average-below-peak',
    section: '4.4.6.2',
    check: (playlist) =>
      each(playlist, ({ attributes }) =>
        Number(attributes.get('AVERAGE-BANDWIDTH') ?? 0) > Number(attributes.get('BANDWIDTH'))
          ? `has AVERAGE-BANDWIDTH ${attributes.get('AVERAGE-BANDWIDTH')} above BANDWIDTH ${attributes.get('BANDWIDTH')}`
          : null,
      ),
  },
  {
    id: 'average-bandwidth-declared',
    section: authoring('9.14'),
    check: (playlist) =>
      each(playlist, ({ attributes }) => (attributes.has('AVERAGE-BANDWIDTH') ? null : 'has no AVERAGE-BANDWIDTH')),
  },
  {
    id: 'codecs-declared',
    section: authoring('9.1'),
    check: (playlist) =>
      each(playlist, ({ attributes }) => {
        const codecs = attributes.get('CODECS') ?? '';
        return VIDEO_CODEC.test(codecs) || AUDIO_CODEC.test(codecs) ? null : `has CODECS "${codecs}"`;
      }),
  },
  {
    id: 'resolution-declared',
    section: authoring('9.2'),
    check: (playlist) =>
      each(playlist, ({ attributes }) =>
        hasVideo(attributes) && !attributes.has('RESOLUTION') ? 'has video and no RESOLUTION' : null,
      ),
  },
  {
    id: 'frame-rate-declared',
    section: authoring('9.15'),
    check: (playlist) =>
      each(playlist, ({ attributes }) =>
        hasVideo(attributes) && !attributes.has('FRAME-RATE') ? 'has video and no FRAME-RATE' : null,
      ),
  },
  {
    id: 'frame-rate-three-decimals',
    section: '4.4.6.2',
    check: (playlist) =>
      each(playlist, ({ attributes }) =>
        /^(\d+(\.\d{1,3})?)?$/.test(attributes.get('FRAME-RATE') ?? '')
          ? null
          : `has FRAME-RATE ${attributes.get('FRAME-RATE')}`,
      ),
  },
  {
    id: 'group-resolves',
    section: '4.4.6.2',
    check: ({ variants, media }) =>
      variants.flatMap(({ uri, attributes }) =>
        GROUPS.filter((type) => {
          const group = attributes.get(type);
          if (group === undefined || (type === 'CLOSED-CAPTIONS' && group === 'NONE')) return false;
          return !media.some((item) => item.get('TYPE') === type && item.get('GROUP-ID') === group);
        }).map(
          (type) => `variant ${uri} names the ${type} group ${attributes.get(type)}, which no EXT-X-MEDIA defines`,
        ),
      ),
  },
  {
    id: 'audio-group-has-codec',
    section: '4.4.6.2',
    check: (playlist) =>
      each(playlist, ({ attributes }) => {
        const codecs = attributes.get('CODECS') ?? '';
        const isOpen = attributes.has('AUDIO') && VIDEO_CODEC.test(codecs) && !AUDIO_CODEC.test(codecs);
        return isOpen ? 'has an AUDIO group and no audio codec' : null;
      }),
  },
  {
    id: 'captions-none-on-all',
    section: '4.4.6.2',
    check: ({ variants }) => {
      const values = variants.map(({ attributes }) => attributes.get('CLOSED-CAPTIONS'));
      return when(
        values.includes('NONE') && values.some((value) => value !== 'NONE'),
        () => `CLOSED-CAPTIONS are ${values.join(', ')}`,
      );
    },
  },
  {
    id: 'media-type-attributes',
    section: '4.4.6.1',
    check: ({ media }) =>
      media.flatMap((item) => {
        const isCaptions = item.get('TYPE') === 'CLOSED-CAPTIONS';
        return [
          ...when(isCaptions && item.has('URI'), () => 'has a URI'),
          ...when(
            isCaptions && !/^(CC[1-4]|SERVICE([1-9]|[1-5]\d|6[0-3]))$/.test(item.get('INSTREAM-ID') ?? ''),
            () => 'has no INSTREAM-ID of captions',
          ),
          ...when(item.get('TYPE') === 'SUBTITLES' && !item.has('URI'), () => 'has no URI'),
          ...when(item.has('FORCED') && item.get('TYPE') !== 'SUBTITLES', () => 'is FORCED'),
          ...when(
            item.get('DEFAULT') === 'YES' && item.get('AUTOSELECT') === 'NO',
            () => 'is DEFAULT and not AUTOSELECT',
          ),
        ].map((flaw) => `${describe(item)} ${flaw}`);
      }),
  },
  {
    id: 'channels-declared',
    section: '4.4.6.1',
    check: ({ media }) =>
      media
        .filter((item) => item.get('TYPE') === 'AUDIO' && !item.has('CHANNELS'))
        .map((item) => `${describe(item)} has no CHANNELS`),
  },
  {
    id: 'group-members-differ',
    section: '4.4.6.1.1',
    check: ({ media }) => {
      const key = (item: Attributes, name: string): string =>
        `${item.get('TYPE')} ${item.get('GROUP-ID')} ${name} ${item.get(name)}`;
      return [
        ...duplicates(media.map((item) => key(item, 'NAME'))),
        ...duplicates(media.filter((item) => item.has('INSTREAM-ID')).map((item) => key(item, 'INSTREAM-ID'))),
        ...duplicates(media.filter((item) => item.get('DEFAULT') === 'YES').map((item) => key(item, 'DEFAULT'))),
        ...duplicates(
          media
            .filter((item) => item.get('AUTOSELECT') === 'YES')
            .map(
              (item) => `${key(item, 'AUTOSELECT')} ${item.get('LANGUAGE') ?? ''} ${item.get('CHARACTERISTICS') ?? ''}`,
            ),
        ),
      ].map((what) => `two are ${what}`);
    },
  },
  {
    id: 'iframe-variant-attributes',
    section: `4.4.6.3; ${authoring('9.3, 9.4 and 9.14')}`,
    check: ({ iFrameVariants }) =>
      iFrameVariants.flatMap((attributes) => [
        ...['CODECS', 'RESOLUTION', 'AVERAGE-BANDWIDTH']
          .filter((name) => !attributes.has(name))
          .map((name) => `I-frame variant ${attributes.get('URI')} has no ${name}`),
        ...['FRAME-RATE', 'AUDIO', 'SUBTITLES', 'CLOSED-CAPTIONS']
          .filter((name) => attributes.has(name))
          .map((name) => `I-frame variant ${attributes.get('URI')} has ${name}`),
      ]),
  },
  {
    id: 'session-data',
    section: '4.4.6.4',
    check: ({ lines }) => {
      const data = lines.filter(({ name }) => name === 'EXT-X-SESSION-DATA').map(({ value }) => parseAttributes(value));
      return [
        ...data
          .filter((item) => item.has('VALUE') === item.has('URI'))
          .map((item) => `${item.get('DATA-ID')} needs VALUE or URI`),
        ...duplicates(data.map((item) => `${item.get('DATA-ID')} ${item.get('LANGUAGE') ?? ''}`)).map(
          (id) => `${id} is there twice`,
        ),
      ];
    },
  },
  {
    id: 'multivariant-independent-segments',
    section: authoring('9.11'),
    check: ({ lines }) =>
      when(
        !lines.some(({ name }) => name === 'EXT-X-INDEPENDENT-SEGMENTS'),
        () => 'EXT-X-INDEPENDENT-SEGMENTS is missing',
      ),
  },
];

function hasVideo(attributes: Attributes): boolean {
  return VIDEO_CODEC.test(attributes.get('CODECS') ?? '');
}

function describe(item: Attributes): string {
  return `${item.get('TYPE')} ${item.get('GROUP-ID')} ${item.get('NAME')}`;
}
