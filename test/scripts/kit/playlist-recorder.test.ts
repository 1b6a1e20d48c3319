import { PlaylistRecorder } from '#kit/playlist-recorder.ts';

const URL_480P = 'http://127.0.0.1:8080/live/abcdefghij234567/480p/media.m3u8';
const START_MS = Date.UTC(2026, 5, 1, 12);

interface Listed {
  readonly msn: number;
  readonly epoch?: number;
  readonly seconds?: number;
  /** How many parts of half a second are listed. Without `isOpen`, the segment has a name, too. */
  readonly parts?: number;
  readonly isOpen?: boolean;
  readonly isGap?: boolean;
  readonly dateMs?: number;
  readonly tags?: string;
}

interface Playlist {
  readonly segments: readonly Listed[];
  readonly discontinuitySequence?: number;
  readonly target?: number;
  readonly skipped?: number;
  readonly end?: string;
}

function render({ segments, discontinuitySequence = 7, target = 2, skipped = 0, end = '' }: Playlist): string {
  const firstMsn = segments[0]?.msn ?? 0;
  let epoch: number | null = skipped > 0 ? (segments[0]?.epoch ?? 7) : null;
  const lines = segments.flatMap((segment) => {
    const { msn, seconds = 2, parts = 0, isOpen = false, isGap = false, tags = '' } = segment;
    const own = segment.epoch ?? 7;
    const isNew = epoch !== null && epoch !== own;
    const map = epoch === own ? [] : [...(isNew ? ['#EXT-X-DISCONTINUITY'] : []), `#EXT-X-MAP:URI="${own}-init.mp4"`];
    epoch = own;
    return [
      ...map,
      ...(tags === '' ? [] : [tags]),
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.dateMs ?? START_MS + msn * 2000).toISOString()}`,
      ...Array.from({ length: parts }, (_, part) => `#EXT-X-PART:DURATION=0.5,URI="${own}-${msn}.${part}.m4s"`),
      ...(isGap ? ['#EXT-X-GAP'] : []),
      ...(isOpen ? [] : [`#EXTINF:${seconds.toFixed(5)},`, `${own}-${msn}.m4s`]),
    ];
  });
  const control = 'CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=12,CAN-SKIP-UNTIL=24';
  return [
    ...['#EXTM3U', '#EXT-X-VERSION:9', `#EXT-X-TARGETDURATION:${target}`, `#EXT-X-SERVER-CONTROL:${control}`],
    ...['#EXT-X-PART-INF:PART-TARGET=0.5', `#EXT-X-MEDIA-SEQUENCE:${firstMsn - skipped}`],
    ...[`#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}`, '#EXT-X-INDEPENDENT-SEGMENTS'],
    ...(skipped > 0 ? [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`] : []),
    ...lines,
    ...(end === '' ? [] : [end]),
    '',
  ].join('\n');
}

/** Complete segments; the last three have their parts. */
function complete(from: number, to: number, overrides: Partial<Listed> = {}): Listed[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    msn: from + index,
    ...(from + index > to - 3 ? { parts: 4 } : {}),
    ...overrides,
  }));
}

function violations(...playlists: readonly Playlist[]): string[] {
  const recorder = new PlaylistRecorder();
  for (const playlist of playlists) recorder.add({ url: URL_480P, body: render(playlist) });
  return recorder.violations();
}

const BEFORE: Playlist = { segments: [...complete(100, 104), { msn: 105, parts: 2, isOpen: true }] };
/** Another task continues: the open segment is closed, and a new epoch follows. */
const SHORT: Listed = { msn: 105, parts: 2, seconds: 1 };
const CONTINUED_AT = { dateMs: START_MS + 300_000 };
const AFTER: Playlist = {
  segments: [
    { msn: 101 },
    ...complete(102, 104, { parts: 4 }),
    SHORT,
    { msn: 106, epoch: 1007, parts: 1, isOpen: true, ...CONTINUED_AT },
  ],
};

test('a presentation that moves to another task has no violation', () => {
  const later: Playlist = {
    segments: [
      { ...AFTER.segments[5], msn: 106, parts: 4, isOpen: false },
      { msn: 107, epoch: 1007, parts: 3, isOpen: true, dateMs: START_MS + 302_000 },
    ],
    discontinuitySequence: 8,
  };
  expect(violations(BEFORE, BEFORE, AFTER, later)).toEqual([]);
});

test.each<[string, Playlist, Playlist]>([
  ['EXT-X-MEDIA-SEQUENCE went back from 101 to 100', AFTER, BEFORE],
  ['the end went back from segment 106 to 105', AFTER, BEFORE],
  ['EXT-X-DISCONTINUITY-SEQUENCE went back from 7 to 6', BEFORE, { ...BEFORE, discontinuitySequence: 6 }],
  ['the discontinuity number of segment 104 changed', BEFORE, { ...BEFORE, discontinuitySequence: 8 }],
  ['EXT-X-TARGETDURATION changed from 2 to 4', BEFORE, { ...BEFORE, target: 4 }],
  [
    'the date of segment 103 changed',
    BEFORE,
    { segments: BEFORE.segments.map((it) => ({ ...it, dateMs: START_MS + it.msn * 2000 + 1 })) },
  ],
  ['the name of segment 104 changed', BEFORE, { segments: BEFORE.segments.map((it) => ({ ...it, epoch: 8 })) }],
  ['the parts of segment 105 changed', BEFORE, { segments: BEFORE.segments.map((it) => ({ ...it, epoch: 8 })) }],
  [
    'the duration of segment 100 changed',
    BEFORE,
    { segments: BEFORE.segments.map((it) => ({ ...it, ...(it.msn === 100 ? { seconds: 1.9995 } : {}) })) },
  ],
  [
    'the gap of segment 101 changed',
    BEFORE,
    { segments: BEFORE.segments.map((it) => ({ ...it, ...(it.msn === 101 ? { isGap: true } : {}) })) },
  ],
  [
    'the number of parts of segment 104 changed',
    BEFORE,
    { segments: BEFORE.segments.map((it) => ({ ...it, ...(it.msn === 104 ? { parts: 3, seconds: 2 } : {}) })) },
  ],
  [
    'segment 105 has lost parts',
    BEFORE,
    { segments: BEFORE.segments.map((it) => ({ ...it, ...(it.msn === 105 ? { parts: 1 } : {}) })) },
  ],
  [
    'the end went back from segment 105 to 105',
    BEFORE,
    { segments: BEFORE.segments.map((it) => ({ ...it, ...(it.msn === 105 ? { parts: 1 } : {}) })) },
  ],
  [
    'segment 104 lists no parts',
    BEFORE,
    { segments: BEFORE.segments.map((it) => ({ ...it, ...(it.msn === 104 ? { parts: 0 } : {}) })) },
  ],
  ['the playlist is without its EXT-X-ENDLIST again', { segments: complete(100, 104), end: '#EXT-X-ENDLIST' }, BEFORE],
  [
    'segment 105 follows EXT-X-ENDLIST',
    { segments: complete(100, 104), end: '#EXT-X-ENDLIST' },
    { segments: complete(100, 105), end: '#EXT-X-ENDLIST' },
  ],
  ['segment 104 lasts 2.6 s, the target is 2', { segments: complete(100, 104, { seconds: 2.6 }) }, BEFORE],
  ['the name of segment 102 changed', { segments: complete(100, 104).filter(({ msn }) => msn !== 102) }, BEFORE],
])('%s', (violation, first, second) => {
  expect(violations(first, second)).toContainEqual(expect.stringContaining(violation));
});

test('a discontinuity does not come and go', () => {
  const body = (tag: RegExp): string => render(AFTER).replace(tag, '');
  const recorder = new PlaylistRecorder();
  recorder.add({ url: URL_480P, body: render(AFTER) });
  recorder.add({ url: URL_480P, body: body(/#EXT-X-DISCONTINUITY\n/) });
  expect(recorder.violations()).toContain('480p: the discontinuity number of segment 106 changed');
});

test('renditions agree about runs and discontinuities', () => {
  const recorder = new PlaylistRecorder();
  recorder.add({ url: URL_480P, body: render(BEFORE) });
  recorder.add({ url: URL_480P.replace('480p', 'audio'), body: render({ ...BEFORE, discontinuitySequence: 8 }) });
  expect(recorder.violations()).toContain(
    'audio: segment 100 is of epoch 7 after 8 discontinuities, in 480p of epoch 7 after 7 discontinuities',
  );
});

describe('delta updates', () => {
  const long: Playlist = { segments: complete(100, 120) };
  const delta: Playlist = { segments: complete(108, 120), skipped: 8 };
  const url = `${URL_480P}?_HLS_msn=120&_HLS_skip=YES`;

  test('are compared with the playlists that list what they skip, in any order', () => {
    const recorder = new PlaylistRecorder();
    recorder.add({ url, body: render(delta) });
    recorder.add({ url: URL_480P, body: render(long) });
    expect(recorder.violations()).toEqual([]);
    recorder.add({ url, body: render({ ...delta, segments: complete(108, 120, { epoch: 8 }) }) });
    expect(recorder.violations()).toContain('480p: the name of segment 110 changed');
  });

  test('must not skip what nobody has seen', () => {
    const recorder = new PlaylistRecorder();
    recorder.add({ url, body: render(delta) });
    expect(recorder.violations()).toEqual(['480p: a delta update at 100 skips segments that were never listed']);
  });

  test('must have been asked for', () => {
    expect(violations(long, delta)).toContain('480p: EXT-X-SKIP without _HLS_skip');
  });
});

test('an answer need not agree with those that were not complete before its request', () => {
  const recorderOf = (startedAtMs: number): string[] => {
    const recorder = new PlaylistRecorder();
    recorder.add({ url: URL_480P, body: render(AFTER), startedAtMs: 10, endedAtMs: 20 });
    recorder.add({ url: URL_480P, body: render(BEFORE), startedAtMs, endedAtMs: 90 });
    return recorder.violations();
  };
  expect(recorderOf(15)).toEqual([]);
  expect(recorderOf(20)).toEqual([]);
  expect(recorderOf(21)).toContain('480p: the end went back from segment 106 to 105');
});

test('a loss explains what the task had begun since, and nothing above', () => {
  const recorder = new PlaylistRecorder();
  recorder.add({ url: URL_480P, body: render({ segments: [...complete(102, 104), SHORT] }) });
  const gap: Listed = { msn: 105, isGap: true };
  const next: Listed = { msn: 106, epoch: 1007, parts: 1, isOpen: true, ...CONTINUED_AT };
  recorder.add({ url: URL_480P, body: render({ segments: [{ msn: 104 }, gap, next] }) });
  const found = ['gap', 'duration'].map((what) => `480p: the ${what} of segment 105 changed`);
  expect(recorder.violations()).toEqual(expect.arrayContaining([...found, '480p: segment 104 lists no parts']));
  expect(recorder.violationsBesidesLosses(0)).toEqual(recorder.violations());
  expect(recorder.violationsBesidesLosses(105).toSorted()).toEqual(found.toSorted());
  expect(recorder.violationsBesidesLosses(106)).toEqual([]);
  expect(recorder.violationsBesidesLosses()).toEqual([]);
});

test('other URLs are ignored, and a body that is no playlist is a violation', () => {
  const recorder = new PlaylistRecorder();
  recorder.add({ url: '/live/abcdefghij234567/master.m3u8', body: '#EXTM3U\n' });
  recorder.add({ url: URL_480P, body: '<html>' });
  expect(recorder.answers).toBe(1);
  expect(recorder.violations()).toEqual([expect.stringContaining('480p: no playlist')]);
});
