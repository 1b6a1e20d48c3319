import { type TinyTrack, tinyFragment, tinyInit } from './tiny-mp4.ts';

/** An answer that can be broken. */
export interface RecordedAnswer {
  url: string;
  status: number;
  body: Buffer;
  headers: Record<string, string>;
  startedAtMs: number;
  endedAtMs: number;
  /** The Range header of the request. */
  range?: string;
}

/** The status of an answer that never came. */
export const UNANSWERED = 0;

export const TRACKS = {
  high: { kind: 'video', timescale: 12_800, sampleTicks: 640, width: 640, height: 360, sampleBytes: 400 },
  low: { kind: 'video', timescale: 12_800, sampleTicks: 640, width: 320, height: 180, sampleBytes: 200 },
  audio: { kind: 'audio', timescale: 48_000, sampleTicks: 1_200, sampleBytes: 50 },
} as const satisfies Record<string, TinyTrack>;
type TinyRendition = keyof typeof TRACKS;
const RENDITIONS = Object.keys(TRACKS) as TinyRendition[];

export const BASE = 'http://127.0.0.1/live/id/';
const START_MS = Date.UTC(2026, 5, 1, 12);
const PARTS = 4;
const PART_SECONDS = 0.5;
const FIRST_MSN = 11;
const LAST_MSN = 22;
/** A segment that begins with another init section. */
const CUT_MSN = 12;
const WINDOW = 8;

const MULTIVARIANT = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio/media.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=120000,AVERAGE-BANDWIDTH=110000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=20.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
high/media.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=80000,AVERAGE-BANDWIDTH=70000,CODECS="avc1.42c01e,mp4a.40.2",RESOLUTION=320x180,FRAME-RATE=20.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
low/media.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3000,AVERAGE-BANDWIDTH=3000,CODECS="avc1.42c01e",RESOLUTION=320x180,URI="low/iframes.m3u8"
`;

/** The newest segment, and how many parts of it there are; all of them: it is complete. */
interface RecordedEnd {
  readonly msn: number;
  readonly parts: number;
}

/**
 * All that a viewer of a stream gets who asks for everything: three renditions, ten seconds of parts, one discontinuity that leaves
 * the window, directives that are refused, files that were removed, the end.
 */
export function goodStream(): RecordedAnswer[] {
  const answers: RecordedAnswer[] = [];
  const seen = new Set<string>();
  let nowMs = 1_000;
  const answer = (
    path: string,
    body: Buffer | string,
    startedAtMs: number,
    more: Partial<RecordedAnswer> = {},
  ): void => {
    const url = `${BASE}${path}`;
    nowMs += 1;
    answers.push({
      url,
      status: 200,
      body: Buffer.from(body),
      headers: headersOf(path),
      startedAtMs,
      endedAtMs: nowMs,
      ...more,
    });
  };
  const media = (rendition: TinyRendition, name: string, startedAtMs: number): void => {
    if (seen.has(`${rendition}/${name}`)) return;
    seen.add(`${rendition}/${name}`);
    answer(`${rendition}/${name}`, fileOf(rendition, name), startedAtMs);
  };
  answer('master.m3u8', MULTIVARIANT, nowMs);
  const ends = Array.from({ length: LAST_MSN - 18 }, (_, index) => index + 19).flatMap((msn) =>
    Array.from({ length: PARTS }, (_, index): RecordedEnd => ({ msn, parts: index + 1 })),
  );
  for (const [index, end] of ends.entries()) {
    const askedMs = nowMs;
    nowMs += 500;
    for (const rendition of RENDITIONS) {
      const before = ends[index - 1];
      if (before !== undefined) media(rendition, hintAfter(before), askedMs);
      const skip = rendition === 'audio' && index % 2 === 1 ? '&_HLS_skip=YES' : '';
      const query = index === 0 ? '' : `?_HLS_msn=${end.msn}&_HLS_part=${end.parts - 1}${skip}`;
      answer(`${rendition}/media.m3u8${query}`, playlistAt(rendition, end, { isDelta: skip !== '' }), askedMs);
      for (const name of namesIn(end)) media(rendition, name, nowMs);
    }
  }
  const last: RecordedEnd = { msn: LAST_MSN, parts: PARTS };
  const refusal = { status: 400, headers: {}, body: Buffer.from('no') };
  answer('high/media.m3u8', playlistAt('high', last), nowMs);
  answer('high/media.m3u8?_HLS_part=0', '', nowMs, refusal);
  answer(`high/media.m3u8?_HLS_msn=${LAST_MSN + 20}`, '', nowMs, refusal);
  answer(`high/media.m3u8?_HLS_msn=${LAST_MSN - 5}`, playlistAt('high', last), nowMs);
  answer('high/0-19.0.m4s', fileOf('high', '0-19.0.m4s'), nowMs);
  answer('high/0-11.m4s', fileOf('high', '0-11.m4s'), nowMs);
  for (const isEnded of [false, true]) answer('low/iframes.m3u8', iFramesAt(last, isEnded), nowMs);
  for (let msn = LAST_MSN - WINDOW; msn <= LAST_MSN; msn++) {
    const range = iFrameRange(msn);
    const file = fileOf('low', `0-${msn}.m4s`);
    const headers = { ...headersOf(`low/0-${msn}.m4s`), 'content-range': `bytes 0-${range.length - 1}/${file.length}` };
    answer(`low/0-${msn}.m4s`, range, nowMs, { status: 206, headers, range: `bytes=0-${range.length - 1}` });
  }
  answer('high/nothing.m4s', 'not found', nowMs, { status: 404, headers: { 'cache-control': 'public, max-age=1' } });
  nowMs += 500;
  for (const rendition of RENDITIONS) {
    answer(
      `${rendition}/media.m3u8?_HLS_msn=${LAST_MSN + 1}&_HLS_part=0`,
      playlistAt(rendition, last, { isEnded: true }),
      nowMs - 500,
    );
  }
  answer(`low/media.m3u8?_HLS_msn=${LAST_MSN + 38}`, playlistAt('low', last, { isEnded: true }), nowMs);
  return answers;
}

/** Finds the last answer to a request for a path, or a range of it. */
export function lastAnswers(answers: readonly RecordedAnswer[]) {
  const keyOf = (pathname: string, range = '') => `${pathname} ${range}`;
  const byKey = new Map(answers.map((answer) => [keyOf(new URL(answer.url).pathname, answer.range), answer]));
  return (pathname: string, range?: string) => byKey.get(keyOf(pathname, range));
}

/** The same stream, with other numbers for its segments: another presentation at the same paths. */
export function laterStream(answers: readonly RecordedAnswer[], laterMs: number): RecordedAnswer[] {
  const later = (text: string) =>
    text.replace(/(?<=\b0-|MEDIA-SEQUENCE:|LAST-MSN=|_HLS_msn=)\d+/g, (msn) => String(Number(msn) + 1_000));
  return answers.map((answer) => ({
    ...answer,
    url: later(answer.url),
    body: answer.url.includes('.m3u8') ? Buffer.from(later(answer.body.toString())) : answer.body,
    startedAtMs: answer.startedAtMs + laterMs,
    endedAtMs: answer.endedAtMs + laterMs,
  }));
}

function headersOf(path: string): Record<string, string> {
  const isPlaylist = path.includes('.m3u8');
  const lifetime = isPlaylist
    ? `public, max-age=${path.includes('_HLS_msn') ? 12 : 1}`
    : 'public, max-age=31536000, immutable';
  return {
    'content-type': isPlaylist ? 'application/vnd.apple.mpegurl' : path.startsWith('audio') ? 'audio/mp4' : 'video/mp4',
    'cache-control': lifetime,
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'Age, Content-Length',
  };
}

interface PlaylistKind {
  readonly isDelta?: boolean;
  readonly isEnded?: boolean;
}

function playlistAt(
  rendition: TinyRendition,
  end: RecordedEnd,
  { isDelta = false, isEnded = false }: PlaylistKind = {},
): string {
  const first = Math.max(FIRST_MSN, end.msn - WINDOW);
  const skipped = isDelta ? end.msn - first - (end.parts === PARTS ? 5 : 6) : 0;
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:2',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.50000,HOLD-BACK=6.00000,CAN-SKIP-UNTIL=12.00000',
    '#EXT-X-PART-INF:PART-TARGET=0.50000',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first > CUT_MSN ? 4 : 3}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...(skipped > 0 ? [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`] : []),
  ];
  for (let msn = first + skipped; msn <= end.msn; msn++) {
    if (msn === CUT_MSN) lines.push('#EXT-X-DISCONTINUITY');
    if (msn === first || msn === CUT_MSN) lines.push(`#EXT-X-MAP:URI="${msn < CUT_MSN ? 0 : 1}-init.mp4"`);
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(START_MS + msn * 2_000).toISOString()}`);
    const parts = msn === end.msn ? end.parts : PARTS;
    for (let part = 0; part < parts && endsLate(msn, end); part++) {
      const independent = rendition === 'audio' || part === 0 ? ',INDEPENDENT=YES' : '';
      lines.push(`#EXT-X-PART:DURATION=0.50000,URI="0-${msn}.${part}.m4s"${independent}`);
    }
    if (parts === PARTS) lines.push('#EXTINF:2.00000,', `0-${msn}.m4s`);
  }
  const others = RENDITIONS.filter((other) => other !== rendition);
  const tail = [
    `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${hintAfter(end)}"`,
    ...others.map(
      (other) => `#EXT-X-RENDITION-REPORT:URI="../${other}/media.m3u8",LAST-MSN=${end.msn},LAST-PART=${end.parts - 1}`,
    ),
  ];
  return `${[...lines, ...(isEnded ? ['#EXT-X-ENDLIST'] : tail)].join('\n')}\n`;
}

function iFramesAt({ msn: newest }: RecordedEnd, isEnded: boolean): string {
  const first = newest - WINDOW;
  const entries = Array.from({ length: WINDOW + 1 }, (_, index) => first + index).flatMap((msn) => [
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(START_MS + msn * 2_000).toISOString()}`,
    `#EXT-X-BYTERANGE:${iFrameRange(msn).length}@0`,
    ...['#EXTINF:2.00000,', `0-${msn}.m4s`],
  ]);
  const lines = [
    ...['#EXTM3U', '#EXT-X-VERSION:5', '#EXT-X-TARGETDURATION:2', `#EXT-X-MEDIA-SEQUENCE:${first}`],
    ...['#EXT-X-DISCONTINUITY-SEQUENCE:4', '#EXT-X-I-FRAMES-ONLY', '#EXT-X-MAP:URI="1-init.mp4"', ...entries],
  ];
  return `${[...lines, ...(isEnded ? ['#EXT-X-ENDLIST'] : [])].join('\n')}\n`;
}

/** Up to the end of its first sample. */
function iFrameRange(msn: number): Buffer {
  const file = fileOf('low', `0-${msn}.m4s`);
  return file.subarray(0, file.indexOf('mdat', 0, 'latin1') + 4 + TRACKS.low.sampleBytes);
}

/** Parts are listed in the last three target durations. */
function endsLate(msn: number, end: RecordedEnd): boolean {
  const after = msn === end.msn ? 0 : (end.msn - msn - 1) * 2 + end.parts * PART_SECONDS;
  return after < 6;
}

function hintAfter({ msn, parts }: RecordedEnd): string {
  return parts === PARTS ? `0-${msn + 1}.0.m4s` : `0-${msn}.${parts}.m4s`;
}

function namesIn(end: RecordedEnd): string[] {
  const names: string[] = ['0-init.mp4', '1-init.mp4'];
  for (let msn = Math.max(FIRST_MSN, end.msn - WINDOW); msn <= end.msn; msn++) {
    const parts = msn === end.msn ? end.parts : PARTS;
    if (endsLate(msn, end)) for (let part = 0; part < parts; part++) names.push(`0-${msn}.${part}.m4s`);
    if (parts === PARTS) names.push(`0-${msn}.m4s`);
  }
  return names;
}

/** The bytes of a file by its name. */
export function fileOf(rendition: TinyRendition, name: string): Buffer {
  const track = TRACKS[rendition];
  const [, msn, part] = /^\d-(\d+)(?:\.(\d+))?\.m4s$/.exec(name) ?? [];
  if (msn === undefined) return tinyInit(track);
  const fragment = (index: number): Buffer => {
    const samples = (PART_SECONDS * track.timescale) / track.sampleTicks;
    const startTicks = (Number(msn) * 2 + index * PART_SECONDS) * track.timescale;
    return tinyFragment(track, startTicks, samples, index === 0);
  };
  if (part !== undefined) return fragment(Number(part));
  return Buffer.concat(Array.from({ length: PARTS }, (_, index) => fragment(index)));
}
