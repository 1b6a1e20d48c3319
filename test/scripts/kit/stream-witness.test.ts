import { StreamWitness } from '#kit/stream-witness.ts';

const answer = (file: string, body: string, startedAtMs = 0, endedAtMs = startedAtMs + 1, status = 200) => ({
  ...{ url: `http://127.0.0.1:1/live/abc/${file}`, status, body: Buffer.from(body) },
  ...{ headers: {}, startedAtMs, firstByteAtMs: endedAtMs, endedAtMs },
});
const status = (value: string, startedAtMs: number, endedAtMs?: number) =>
  answer('status.json', JSON.stringify({ status: value }), startedAtMs, endedAtMs);

const playlist = (segments: string): string => `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK=6,CAN-SKIP-UNTIL=12
#EXT-X-MEDIA-SEQUENCE:5
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="1-init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:00.000Z
#EXTINF:2.00000,
1-5.m4s
${segments}`;
const segment = (date: string, gap = ''): string => `#EXT-X-PROGRAM-DATE-TIME:2026-06-01T12:00:${date}Z
${gap}#EXTINF:2.00000,
1-6.m4s
`;

let witness: StreamWitness;
beforeEach(() => {
  witness = new StreamWitness();
});

test('the same bytes under one name are no contradiction, others are', () => {
  expect(witness.add(answer('360p/1-5.m4s', 'media'))?.toString()).toBe('media');
  witness.add(answer('360p/1-5.m4s', 'media'));
  witness.add(answer('audio/1-5.m4s', 'sound'));
  expect(witness.contradictions()).toEqual([]);
  witness.add(answer('360p/1-5.m4s', 'other'));
  expect(witness.contradictions()).toEqual(['360p/1-5.m4s has other bytes than before']);
});

test('a refusal is a failure, and counted', () => {
  expect(witness.add(answer('360p/media.m3u8?_HLS_msn=7', 'not now', 0, 1, 503))).toBeNull();
  witness.add(answer('360p/media.m3u8', 'not now', 0, 1, 503));
  witness.add(answer('360p/1-5.m4s', 'gone', 0, 1, 404));
  expect(witness.failures()).toEqual(['2 x 503 for 360p/media.m3u8: not now', '1 x 404 for media: gone']);
  expect(witness.answers).toBe(3);
});

test('a status may go forward, and not back', () => {
  for (const each of [status('idle', 0), status('live', 10), status('ended', 20)]) witness.add(each);
  expect(witness.contradictions()).toEqual([]);
  expect(witness.statuses()).toEqual(['idle', 'live', 'ended']);
  // It was asked for before the stream had ended.
  witness.add(status('live', 15, 30));
  expect(witness.contradictions()).toEqual([]);
  witness.add(status('live', 40));
  expect(witness.contradictions()).toEqual(['the status went back from ended to live']);
});

test('playlists are compared, and an end is remembered', () => {
  witness.add(answer('360p/media.m3u8', playlist(segment('02.000')), 0));
  expect(witness.contradictions()).toEqual([]);
  expect(witness.hasEndList).toBe(false);
  witness.add(answer('360p/media.m3u8', `${playlist('')}#EXT-X-ENDLIST\n`, 10));
  expect(witness.hasEndList).toBe(true);
  expect(witness.contradictions()).toEqual(['360p: EXT-X-ENDLIST after segment 5, though 6 was listed']);
  expect(witness.contradictionsBesidesLosses()).toEqual([]);
});

test('the date of a segment may change with the loss of its task, if it is a gap now', () => {
  witness.add(answer('360p/media.m3u8', playlist(segment('02.000')), 0));
  witness.add(answer('360p/media.m3u8', playlist(segment('02.001')), 10));
  const changed = ['360p: the date of segment 6 changed'];
  expect(witness.contradictions()).toEqual(changed);
  expect(witness.contradictionsBesidesLosses()).toEqual(changed);
  witness.add(answer('360p/media.m3u8', playlist(segment('02.000', '#EXT-X-GAP\n')), 20));
  expect(witness.contradictions()).toContain('360p: the gap of segment 6 changed');
  expect(witness.contradictionsBesidesLosses()).toEqual([]);
});
