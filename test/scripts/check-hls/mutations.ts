import { fileOf, type RecordedAnswer, TRACKS, UNANSWERED } from './good-stream.ts';
import { tinyFragment, tinyInit } from './tiny-mp4.ts';

/** Breaks a recorded stream. */
export type Mutation = (answers: RecordedAnswer[]) => void;

const HIGH = /high\/media/;
const ANY = /(media|iframes)\.m3u8/;
const IFRAMES = /low\/iframes/;
const MASTER = /master/;
const PLAIN = /high\/media\.m3u8$/;
/** The answer with EXT-X-ENDLIST. */
const LAST = /high\/media\.m3u8\?_HLS_msn=23/;

/** Changes the text of all playlists of some URLs. Throws if there is nothing to change. */
function text(url: RegExp, from: string | RegExp, to: string): Mutation {
  return (answers) => {
    let changed = 0;
    for (const answer of answers) {
      if (!url.test(answer.url) || !answer.url.includes('.m3u8') || answer.status !== 200) continue;
      const before = answer.body.toString();
      const after = before.replaceAll(typeof from === 'string' ? from : new RegExp(from.source, 'g'), to);
      if (after !== before) changed += 1;
      answer.body = Buffer.from(after);
    }
    if (changed === 0) throw new Error(`${from} is in no playlist`);
  };
}

/** Changes the answers that match. Throws if there is none. */
function change(
  url: RegExp,
  edit: (answer: RecordedAnswer) => void,
  which = (_: RecordedAnswer, index: number): boolean => index >= 0,
): Mutation {
  return (answers) => {
    const found = answers.filter((answer) => url.test(answer.url)).filter(which);
    if (found.length === 0) throw new Error(`nothing matches ${url}`);
    for (const answer of found) edit(answer);
  };
}

const header = (url: RegExp, name: string, value: string): Mutation =>
  change(url, ({ headers }) => void Object.assign(headers, { [name]: value }));
function status(
  url: RegExp,
  code: number,
  headers: Record<string, string> = {},
  place: number | null = null,
): Mutation {
  const edit = (answer: RecordedAnswer) =>
    void Object.assign(answer, { status: code, headers, body: Buffer.from('no') });
  return change(url, edit, (_, index) => place === null || index === place);
}

/** Answers a request as another one was answered, with the headers of the one and the text of the other. */
function answeredLike(url: RegExp, headersOf: RegExp, textOf = headersOf): Mutation {
  return (answers) => {
    const like = (pattern: RegExp) => answers.findLast((answer) => pattern.test(answer.url));
    const { headers } = like(headersOf) ?? {};
    const { body } = like(textOf) ?? {};
    change(url, (answer) => void Object.assign(answer, { status: 200, headers, body }))(answers);
  };
}

/** Adds a media playlist that no multivariant playlist names. */
function another(targetSeconds: number, names: readonly number[]): Mutation {
  const segments = names.map(
    (name, index) => `#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:0${index * 2}Z\n#EXTINF:2.0,\n${name}.m4s\n`,
  );
  const map = names.length === 0 ? '' : '#EXT-X-MAP:URI="i.mp4"\n';
  const header = `#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:${targetSeconds}\n#EXT-X-INDEPENDENT-SEGMENTS\n`;
  return (answers) => {
    const [like] = answers.filter(({ url }) => PLAIN.test(url));
    if (like === undefined) throw new Error('no plain answer');
    answers.push({
      ...like,
      url: like.url.replace('high', 'other'),
      body: Buffer.from(`${header}${map}${segments.join('')}`),
    });
  };
}

/** Changes the text of one answer. */
function once(url: RegExp, index: number, from: string | RegExp, to: string): Mutation {
  return change(
    url,
    (answer) => {
      const before = answer.body.toString();
      answer.body = Buffer.from(before.replace(from, to));
      if (answer.body.toString() === before) throw new Error(`${from} is not in the playlist`);
    },
    (_, place) => place === index,
  );
}

/** Changes the answer to the request for the I-frame of a segment. */
function range(msn: number, edit: (answer: RecordedAnswer) => Partial<RecordedAnswer>): Mutation {
  return change(
    new RegExp(`low/0-${msn}\\.m4s`),
    (answer) => void Object.assign(answer, edit(answer)),
    (answer) => answer.range !== undefined,
  );
}

function all(...mutations: readonly Mutation[]): Mutation {
  return (answers) => {
    for (const mutation of mutations) mutation(answers);
  };
}

/** Replaces a file, and the segment that it is a part of. */
function media(name: string, build: (msn: number, part: number) => Buffer): Mutation {
  const [, rendition = '', msn = '', part = ''] = /^(\w+)\/0-(\d+)\.(\d)\.m4s$/.exec(name) ?? [];
  const pieces = [0, 1, 2, 3].map((index) =>
    String(index) === part
      ? build(Number(msn), index)
      : fileOf(rendition as keyof typeof TRACKS, `0-${msn}.${index}.m4s`),
  );
  return all(
    change(new RegExp(`${rendition}/0-${msn}\\.${part}\\.m4s`), (answer) => {
      answer.body = pieces[Number(part)] ?? answer.body;
    }),
    change(new RegExp(`${rendition}/0-${msn}\\.m4s`), (answer) => {
      answer.body = Buffer.concat(pieces);
    }),
  );
}

/** Says of the picture that it is two parts further, and of sound that it is two parts behind. Nothing comes after 22.3. */
const movedReport =
  (isSound: boolean) =>
  (report: string, start: string, name: string, msn: string, part: string): string => {
    if (!isSound && name !== 'audio') return report;
    const parts = Math.min(Number(msn) * 4 + Number(part) + (isSound ? 2 : -2), 22 * 4 + 3);
    return `${start}${Math.floor(parts / 4)},LAST-PART=${parts % 4}`;
  };

const ticksOf = (msn: number, part: number): number => (msn * 2 + part * 0.5) * TRACKS.high.timescale;
const fragment = (
  msn: number,
  part: number,
  more: { offset?: number; samples?: number; isIdr?: boolean } = {},
): Buffer =>
  tinyFragment(TRACKS.high, ticksOf(msn, part) + (more.offset ?? 0), more.samples ?? 10, more.isIdr ?? part === 0);
const init = (rendition: keyof typeof TRACKS, bytes: Buffer): Mutation =>
  change(new RegExp(`${rendition}/\\d-init`), (answer) => void Object.assign(answer, { body: bytes }));
/** How each rule is broken. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'playlist-begins-with-extm3u': once(HIGH, 3, '#EXTM3U\n', '\n#EXTM3U\n'),
  'playlist-encoding': text(HIGH, '#EXT-X-INDEPENDENT-SEGMENTS\n', '#EXT-X-INDEPENDENT-SEGMENTS\n#\u0007\n'),
  'attribute-list-syntax': text(HIGH, 'PART-TARGET=0.50000', 'PART-TARGET=0.50000,'),
  'attribute-once': text(MASTER, 'NAME="Audio",', 'NAME="Audio",NAME="Audio",'),
  'attribute-form': text(MASTER, 'DEFAULT=YES', 'DEFAULT="YES"'),
  'uri-valid': text(MASTER, /(?=#EXT-X-MEDIA)/, '#EXT-X-SESSION-DATA:DATA-ID="com.example.data",URI="http://"\n'),
  'attribute-needed': text(MASTER, 'GROUP-ID="audio",NAME="Audio",', 'GROUP-ID="audio",'),
  'tag-value': text(HIGH, '#EXTINF:2.00000,', '#EXTINF:2.00000'),
  'tag-once': text(HIGH, '#EXT-X-VERSION:9\n', '#EXT-X-VERSION:9\n#EXT-X-VERSION:9\n'),
  'tag-before-segments': text(HIGH, /(#EXT-X-TARGETDURATION:2\n)([\s\S]*?,\n.*\n)/, '$2$1'),
  'tag-in-its-playlist': text(MASTER, '#EXT-X-VERSION:9', '#EXT-X-VERSION:9\n#EXT-X-PLAYLIST-TYPE:VOD'),
  'version-suffices': text(/audio\/media/, 'VERSION:9', 'VERSION:8'),
  'variant-present': text(MASTER, /#EXT-X-STREAM-INF.*\n.*\n/, ''),
  'variant-uri': text(MASTER, 'high/media.m3u8\n', ''),
  'variant-once': text(MASTER, /(#EXT-X-STREAM-INF.*\nlow.*\n)/, '$1$1'),
  'average-below-peak': text(MASTER, 'AVERAGE-BANDWIDTH=110000', 'AVERAGE-BANDWIDTH=130000'),
  'average-bandwidth-declared': text(MASTER, 'AVERAGE-BANDWIDTH=110000,', ''),
  'codecs-declared': text(MASTER, 'CODECS="avc1.42c01e,mp4a.40.2",', ''),
  'resolution-declared': text(MASTER, 'RESOLUTION=640x360,', ''),
  'frame-rate-declared': text(MASTER, 'FRAME-RATE=20.000,', ''),
  'frame-rate-three-decimals': text(MASTER, 'FRAME-RATE=20.000', 'FRAME-RATE=20.0000'),
  'group-resolves': text(MASTER, 'CLOSED-CAPTIONS=NONE', 'CLOSED-CAPTIONS="cc"'),
  'audio-group-has-codec': all(text(MASTER, ',mp4a.40.2', ''), (answers) =>
    answers.splice(0, answers.length, ...answers.filter(({ url }) => !/init/.test(url))),
  ),
  'captions-none-on-all': once(MASTER, 0, ',CLOSED-CAPTIONS=NONE', ''),
  'media-type-attributes': text(MASTER, 'AUTOSELECT=YES', 'AUTOSELECT=NO'),
  'channels-declared': text(MASTER, 'CHANNELS="2",', ''),
  'group-members-differ': text(
    MASTER,
    /(#EXT-X-MEDIA.*)DEFAULT=YES,AUTOSELECT=YES,(.*\n)/,
    '$1DEFAULT=YES,AUTOSELECT=YES,$2$1$2',
  ),
  'session-data': text(MASTER, '#EXT-X-MEDIA:', '#EXT-X-SESSION-DATA:DATA-ID="title"\n#EXT-X-MEDIA:'),
  'multivariant-independent-segments': text(MASTER, '#EXT-X-INDEPENDENT-SEGMENTS\n', ''),
  'target-duration-present': text(/(high|low|audio)\/(media|iframes)/, '#EXT-X-TARGETDURATION:2\n', ''),
  'lists-media': another(2, []),
  'segment-has-extinf': text(HIGH, '#EXTINF:2.00000,\n0-22.m4s', '0-22.m4s'),
  'segment-within-target-duration': text(HIGH, '#EXTINF:2.00000,\n0-22', '#EXT-X-GAP\n#EXTINF:2.60000,\n0-22'),
  'uri-once': another(2, [1, 1]),
  'hold-back-minimum': text(HIGH, ',HOLD-BACK=6.00000', ',HOLD-BACK=5.90000'),
  'can-skip-until-minimum': text(HIGH, 'CAN-SKIP-UNTIL=12.00000', 'CAN-SKIP-UNTIL=11.90000'),
  'skip-dateranges-needs-skip': text(HIGH, 'CAN-SKIP-UNTIL=12.00000', 'CAN-SKIP-DATERANGES=YES'),
  'skip-asked-for': change(
    /_HLS_skip/,
    (answer) => void Object.assign(answer, { url: answer.url.replace('&_HLS_skip=YES', '') }),
  ),
  'skip-offered': text(/audio\/media/, ',CAN-SKIP-UNTIL=12.00000', ''),
  'skip-boundary': text(/audio\/media/, 'CAN-SKIP-UNTIL=12.00000', 'CAN-SKIP-UNTIL=16.00000'),
  'map-present': once(HIGH, 0, '#EXT-X-MAP:URI="0-init.mp4"\n', ''),
  'date-on-each-segment': text(HIGH, /#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:34.000Z\n/, ''),
  'dates-continuous': text(ANY, ':34.000Z', ':34.010Z'),
  'end-is-closed': text(HIGH, '#EXT-X-ENDLIST\n', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="0-23.0.m4s"\n#EXT-X-ENDLIST\n'),
  'i-frames-only': text(HIGH, '#EXT-X-INDEPENDENT-SEGMENTS\n', '#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-I-FRAMES-ONLY\n'),
  'independent-segments-declared': text(HIGH, '#EXT-X-INDEPENDENT-SEGMENTS\n', ''),
  'daterange-consistent': text(
    HIGH,
    '#EXT-X-INDEPENDENT-SEGMENTS\n',
    '#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-DATERANGE:ID="a",START-DATE="2026-06-01T12:00:00Z",END-DATE="2026-06-01T11:00:00Z"\n',
  ),
  'parts-need-part-inf': all(text(HIGH, '#EXT-X-PART-INF:PART-TARGET=0.50000\n', ''), text(HIGH, /,LAST-PART=\d/, '')),
  'part-within-part-target': text(HIGH, 'PART-TARGET=0.50000', 'PART-TARGET=0.49000'),
  'part-85-percent': all(
    text(HIGH, 'PART-TARGET=0.50000', 'PART-TARGET=0.60000'),
    text(HIGH, 'PART-HOLD-BACK=1.50000', 'PART-HOLD-BACK=1.80000'),
  ),
  'parts-make-the-segment': text(HIGH, '#EXTINF:2.00000,\n0-19', '#EXTINF:2.00090,\n0-19'),
  'old-parts-removed': text(
    HIGH,
    '#EXTINF:2.00000,\n0-14',
    `${[0, 1, 2, 3].map((part) => `#EXT-X-PART:DURATION=0.50000,URI="0-14.${part}.m4s",INDEPENDENT=YES\n`).join('')}#EXTINF:2.00000,\n0-14`,
  ),
  'recent-parts-listed': once(HIGH, 0, /(#EXT-X-PART:.*URI="0-18.*\n){4}/, ''),
  'segment-tags-before-parts': text(
    HIGH,
    /(#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:40.000Z\n)(#EXT-X-PART:.*\n)/,
    '$2$1',
  ),
  'gap-parts': text(HIGH, 'URI="0-18.2.m4s"', 'URI="0-18.2.m4s",GAP=YES'),
  'part-hold-back': text(HIGH, 'PART-HOLD-BACK=1.50000', 'PART-HOLD-BACK=1.40000'),
  'can-block-reload': text(HIGH, 'CAN-BLOCK-RELOAD=YES,', ''),
  'hint-is-not-listed': once(HIGH, 15, /URI="0-22.4.m4s"|URI="0-23.0.m4s"/, 'URI="0-22.3.m4s"'),
  'report-last-part': text(HIGH, /(low\/media.m3u8",LAST-MSN=\d+),LAST-PART=\d/, '$1'),
  'media-sequence-forward': once(
    PLAIN,
    1,
    /MEDIA-SEQUENCE:14([\s\S]*init.mp4"\n)/,
    'MEDIA-SEQUENCE:13$1#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:26.000Z\n#EXTINF:2.00000,\n0-13.m4s\n',
  ),
  'discontinuity-sequence-forward': once(PLAIN, 1, 'DISCONTINUITY-SEQUENCE:4', 'DISCONTINUITY-SEQUENCE:3'),
  'discontinuity-sequence-counts': once(LAST, 0, 'DISCONTINUITY-SEQUENCE:4', 'DISCONTINUITY-SEQUENCE:5'),
  'target-duration-constant': all(
    once(LAST, 0, 'TARGETDURATION:2', 'TARGETDURATION:3'),
    once(LAST, 0, ',HOLD-BACK=6', ',HOLD-BACK=9'),
    once(LAST, 0, 'UNTIL=12', 'UNTIL=18'),
  ),
  'part-target-constant': all(
    once(LAST, 0, 'PART-TARGET=0.50000', 'PART-TARGET=0.50001'),
    once(LAST, 0, 'PART-HOLD-BACK=1.50000', 'PART-HOLD-BACK=1.50003'),
  ),
  'playlist-type-constant': once(HIGH, 19, '#EXT-X-VERSION:9', '#EXT-X-VERSION:9\n#EXT-X-PLAYLIST-TYPE:EVENT'),
  'event-keeps-segments': text(HIGH, '#EXT-X-VERSION:9', '#EXT-X-VERSION:9\n#EXT-X-PLAYLIST-TYPE:EVENT'),
  'segment-unchanged': once(HIGH, 5, '0-15.m4s', '0-15x.m4s'),
  'parts-unchanged': once(HIGH, 5, 'URI="0-20.0.m4s"', 'URI="0-20.0x.m4s"'),
  'delta-equals-full': once(/_HLS_skip/, 3, '0-18.m4s', '0-18x.m4s'),
  'end-forward': (answers) => {
    const [, , earlier, late] = answers.filter(({ url }) => /low\/media/.test(url));
    const [plain] = answers.filter(({ url }) => /low\/media.m3u8$/.test(url));
    if (earlier === undefined || late === undefined || plain === undefined) throw new Error('too few playlists');
    const times = { startedAtMs: late.endedAtMs + 0.1, endedAtMs: late.endedAtMs + 0.2 };
    answers.push({ ...plain, ...times, body: earlier.body });
  },
  'endlist-final': (answers) => {
    const last = answers.filter(({ url }) => HIGH.test(url)).at(-1);
    const plain = answers.filter(({ url }) => /high\/media.m3u8$/.test(url)).at(-1);
    if (last === undefined || plain === undefined) throw new Error('too few playlists');
    answers.push({ ...plain, startedAtMs: last.endedAtMs + 1, endedAtMs: last.endedAtMs + 2 });
  },
  'window-three-targets': (answers) => {
    const plain = answers.filter(({ url }) => PLAIN.test(url)).at(-1);
    if (plain === undefined) throw new Error('no plain answer');
    const from = answers.indexOf(plain);
    const kept = answers.filter(({ url }, index) => index <= from || !/high\/media/.test(url));
    answers.splice(0, answers.length, ...kept);
    const removed = /(#EXT-X-MAP.*\n)[\s\S]*?(#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:42)/;
    const text = plain.body.toString().replace('MEDIA-SEQUENCE:14', 'MEDIA-SEQUENCE:21').replace(removed, '$1$2');
    plain.body = Buffer.from(text);
  },
  'hint-kept': once(HIGH, 5, /URI="0-20.2.m4s"/, 'URI="0-20.9.m4s"'),
  'init-section-readable': init('high', tinyInit(TRACKS.high).subarray(0, 40)),
  'media-readable': media('high/0-20.1.m4s', (msn, part) => fragment(msn, part).subarray(0, 60)),
  'fragment-has-decode-time': media('high/0-20.1.m4s', (msn, part) =>
    Buffer.from(fragment(msn, part).toString('latin1').replace('tfdt', 'free'), 'latin1'),
  ),
  'segment-duration': all(text(HIGH, '#EXTINF:2.00000,\n0-13', '#EXTINF:2.00180,\n0-13')),
  'part-duration': all(
    text(HIGH, '0.50000,URI="0-20.1.m4s"', '0.49800,URI="0-20.1.m4s"'),
    text(HIGH, '0.50000,URI="0-20.2.m4s"', '0.50200,URI="0-20.2.m4s"'),
    text(HIGH, 'PART-TARGET=0.50000', 'PART-TARGET=0.50500'),
    text(HIGH, 'PART-HOLD-BACK=1.50000', 'PART-HOLD-BACK=1.51500'),
  ),
  'segment-is-its-parts': change(/low\/0-20\.m4s/, (answer) => answer.body.writeUInt8(0, answer.body.length - 1)),
  'decode-times-no-overlap': media('high/0-20.1.m4s', (msn, part) => fragment(msn, part, { offset: -8 })),
  'decode-times-contiguous': media('high/0-22.3.m4s', (msn, part) => fragment(msn, part, { offset: 64 })),
  'discontinuity-on-other-tracks': all(
    text(ANY, '#EXT-X-DISCONTINUITY\n', ''),
    text(ANY, 'DISCONTINUITY-SEQUENCE:4', 'DISCONTINUITY-SEQUENCE:3'),
    text(MASTER, 'CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640', 'CODECS="avc3.42c01e,mp4a.40.2",RESOLUTION=640'),
    change(
      /high\/1-init/,
      (answer) => void answer.body.write('avc3', answer.body.indexOf('avc1', 0, 'latin1'), 'latin1'),
    ),
  ),
  'independent-is-true': media('high/0-20.0.m4s', (msn, part) => fragment(msn, part, { isIdr: false })),
  'independent-is-said': media('high/0-20.2.m4s', (msn, part) => fragment(msn, part, { isIdr: true })),
  'segment-begins-independent': change(/high\/0-13\.m4s/, (answer) => {
    answer.body = Buffer.concat([0, 1, 2, 3].map((part) => fragment(13, part, { isIdr: false })));
  }),
  'hint-present': text(HIGH, /#EXT-X-PRELOAD-HINT.*\n/, ''),
  'same-target-duration': another(6, [1]),
  'discontinuities-aligned': text(HIGH, /DISCONTINUITY-SEQUENCE:(\d)/, 'DISCONTINUITY-SEQUENCE:1$1'),
  'decode-times-aligned': change(/high\/0-\d+/, ({ body }) => {
    for (let at = body.indexOf('tfdt', 0, 'latin1'); at >= 0; at = body.indexOf('tfdt', at + 1, 'latin1')) {
      body.writeUInt32BE(body.readUInt32BE(at + 12) + 320, at + 12);
    }
  }),
  'dates-aligned': text(HIGH, /(PROGRAM-DATE-TIME:.*)\.000Z/, '$1.100Z'),
  'renditions-in-sync': (answers) => {
    // Sound comes two parts later than the picture.
    const isSound = ({ url }: RecordedAnswer): boolean => url.includes('/audio/');
    for (const answer of answers) {
      if (answer.url.includes('.m3u8') && answer.status === 200) {
        answer.body = Buffer.from(
          answer.body
            .toString()
            .replace(/("..\/(\w+)\/media.m3u8",LAST-MSN=)(\d+),LAST-PART=(\d)/g, movedReport(isSound(answer))),
        );
      }
      if (isSound(answer))
        Object.assign(answer, { startedAtMs: answer.startedAtMs + 1_020, endedAtMs: answer.endedAtMs + 1_020 });
    }
    answers.sort((a, b) => a.endedAtMs - b.endedAtMs);
  },
  'codecs-true': text(
    MASTER,
    'CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640',
    'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640',
  ),
  'resolution-true': text(MASTER, '640x360', '1280x720'),
  'iframe-variant-true': text(MASTER, /(I-FRAME.*)320x180/, '$1640x360'),
  'iframe-variant-attributes': text(MASTER, /(I-FRAME.*),RESOLUTION=320x180/, '$1'),
  'iframe-bandwidth-is-peak': text(MASTER, 'INF:BANDWIDTH=3000', 'INF:BANDWIDTH=1000'),
  'iframe-is-whole': all(
    change(IFRAMES, (answer) => {
      answer.body = Buffer.from(
        answer.body.toString().replace(/(\d+)@0(?=\n.*\n0-20)/, (_, bytes) => `${bytes - 1}@0`),
      );
    }),
    range(20, ({ body, headers }) => ({
      body: body.subarray(0, -1),
      range: `bytes=0-${body.length - 2}`,
      headers: { ...headers, 'content-range': `bytes 0-${body.length - 2}/9999` },
    })),
  ),
  'iframe-is-random-access': range(20, ({ body }) => {
    const broken = Buffer.from(body);
    broken[broken.length - TRACKS.low.sampleBytes + 4] = 0x41;
    return { body: broken };
  }),
  'iframe-duration': range(20, ({ body }) => {
    const late = Buffer.from(body);
    const at = late.indexOf('tfdt', 0, 'latin1') + 12;
    late.writeUInt32BE(late.readUInt32BE(at) + 320, at);
    return { body: late };
  }),
  'iframes-agree-with-segments': text(IFRAMES, 'DISCONTINUITY-SEQUENCE:4', 'DISCONTINUITY-SEQUENCE:5'),
  'range-answered': range(20, () => ({ status: 200 })),
  'frame-rate-true': once(MASTER, 0, 'FRAME-RATE=20.000', 'FRAME-RATE=10.000'),
  'channels-true': text(MASTER, 'CHANNELS="2"', 'CHANNELS="6"'),
  'bandwidth-is-peak': text(
    MASTER,
    'BANDWIDTH=120000,AVERAGE-BANDWIDTH=110000',
    'BANDWIDTH=80000,AVERAGE-BANDWIDTH=79999',
  ),
  'average-bandwidth-true': text(MASTER, 'AVERAGE-BANDWIDTH=110000', 'AVERAGE-BANDWIDTH=50000'),
  'playlist-content-type': header(HIGH, 'content-type', 'text/plain'),
  'media-content-type': header(/high\/0-20\.1\.m4s/, 'content-type', 'text/plain'),
  'content-length': header(HIGH, 'content-length', ''),
  'read-across-origins': header(HIGH, 'access-control-expose-headers', 'Date'),
  'blocking-answer-lifetime': header(/high.*_HLS_msn=\d+&/, 'cache-control', 'public, max-age=13'),
  'playlist-lifetime': header(MASTER, 'cache-control', 'public, max-age=2'),
  'media-lifetime': header(/high\/0-20\.1\.m4s/, 'cache-control', 'public, max-age=60'),
  'refusal-lifetime': status(/\?_HLS_part=0$/, 400, { 'cache-control': 'public, max-age=1' }),
  answers: change(/nothing\.m4s/, (answer) => {
    Object.assign(answer, { status: UNANSWERED, endedAtMs: answer.startedAtMs + 9_100 });
  }),
  'playlist-updated': (answers) => {
    const plain = answers.filter(({ url }) => PLAIN.test(url)).at(-1);
    if (plain === undefined) throw new Error('no plain answer');
    const kept = answers.filter(({ url }) => !LAST.test(url));
    const late = { ...plain, startedAtMs: plain.endedAtMs + 9_100, endedAtMs: plain.endedAtMs + 9_101 };
    answers.splice(0, answers.length, ...kept, late);
  },
  'part-directive-needs-msn': answeredLike(/\?_HLS_part=0$/, PLAIN),
  'too-far-ahead-is-400': answeredLike(/_HLS_msn=42$/, LAST, PLAIN),
  'directives-ignored-after-end': status(/_HLS_msn=60$/, 400),
  'directives-answered': status(/_HLS_msn=17$/, 400),
  'blocking-answer-has-position': (answers) => {
    const [, , , , before, late] = answers.filter(({ url }) => HIGH.test(url));
    if (before === undefined || late === undefined) throw new Error('too few playlists');
    late.body = before.body;
  },
  'listed-media-available': status(/low\/0-17\.m4s/, 404, {}, 0),
  'removed-part-available': status(/high\/0-19\.0\.m4s/, 404, {}, 1),
  'removed-segment-available': status(/high\/0-11\.m4s/, 404, {}, 1),
  'file-unchanged': change(
    /high\/0-11\.m4s/,
    ({ body }) => void body.writeUInt8(9, body.length - 1),
    (_, index) => index === 1,
  ),
  'hinted-part-answered': status(/low\/0-20\.1\.m4s/, 404),
  'report-each-rendition': text(HIGH, /#EXT-X-RENDITION-REPORT:URI="..\/low.*\n/, ''),
  'report-of-another-rendition': text(HIGH, /(#EXT-X-RENDITION-REPORT:URI="..\/low.*\n)/, '$1$1'),
  'report-is-true': text(HIGH, /(URI="..\/low\/media.m3u8",LAST-MSN)=\d+/, '$1=30'),
};
