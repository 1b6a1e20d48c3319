import { DirectiveTrials } from '#scripts/check-hls/directive-trials.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';

const SERVER = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n';

/** Lists segments 10 on, all but the first `removed`. The last one has its first parts only. */
function playlist(removed: number, lastParts: number) {
  const first = 10 + removed;
  const parts = (msn: number, count: number) =>
    Array.from({ length: count }, (_, part) => `#EXT-X-PART:DURATION=0.5,URI="${msn}.${part}.m4s"\n`).join('');
  const whole = [first, first + 1].map((msn) => `${parts(msn, 4)}#EXTINF:2,\n${msn}.m4s\n`).join('');
  const head = `${SERVER}#EXT-X-PART-INF:PART-TARGET=0.5\n#EXT-X-MEDIA-SEQUENCE:${first}\n`;
  return parseMediaPlaylist(`${head}${whole}${parts(first + 2, lastParts)}`);
}

async function asked(playlists: readonly ReturnType<typeof parseMediaPlaylist>[]): Promise<string[]> {
  const queries: string[] = [];
  const trials = new DirectiveTrials({ ask: async (query) => queries.push(query) });
  for (const each of playlists) await trials.next(each);
  return queries;
}

test('what is just too far ahead is asked for while a segment is young, and what was removed once something was', async () => {
  const young = Array.from({ length: 60 }, () => playlist(0, 1));
  const still = await asked(young);
  expect(still).toEqual([
    ...['_HLS_part=0', '_HLS_msn=15', '_HLS_msn=16', '_HLS_msn=13&_HLS_part=7'],
    ...['_HLS_msn=32', '_HLS_msn=10', '_HLS_msn=12&_HLS_part=4'],
  ]);
  const old = Array.from({ length: 60 }, (_, index) => playlist(index < 30 ? 0 : 1, 3));
  expect(await asked(old)).toEqual([
    '_HLS_part=0',
    '_HLS_msn=32',
    '_HLS_msn=10',
    '_HLS_msn=12&_HLS_part=4',
    '_HLS_msn=10',
  ]);
});

test('without parts, a segment more may be there than is listed', async () => {
  const listed = parseMediaPlaylist(`${SERVER}#EXT-X-MEDIA-SEQUENCE:10\n#EXTINF:2,\n10.m4s\n`);
  const queries = await asked(Array.from({ length: 60 }, () => listed));
  expect(queries).toEqual(['_HLS_part=0', '_HLS_msn=14', '_HLS_msn=15', '_HLS_msn=30', '_HLS_msn=10']);
});
