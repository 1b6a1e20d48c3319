import { FindingList } from '#scripts/check-hls/finding-list.ts';
import { toMediaFile } from '#scripts/check-hls/media/media-file.ts';
import { MediaJudge } from '#scripts/check-hls/media-judge.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { SegmentHistory } from '#scripts/check-hls/segment-history.ts';
import { fileOf } from './good-stream.ts';
import { tinyFragment, tinyInit } from './tiny-mp4.ts';

/** More than the files that are kept. */
const SEGMENTS = 1_100;

test('segments are judged for as long as the stream lives, though removed files are loaded once more', () => {
  const history = new SegmentHistory();
  const findings = new FindingList();
  const judge = new MediaJudge({ history, findings, place: 'high/media.m3u8', toPath: (uri) => `/${uri}` });
  judge.addFile(toMediaFile('/1-init.mp4', fileOf('high', '1-init.mp4')));
  for (let msn = 0; msn < SEGMENTS; msn++) {
    const name = `0-${msn}.m4s`;
    const head = `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${msn}\n#EXT-X-MAP:URI="1-init.mp4"\n`;
    const playlist = parseMediaPlaylist(`${head}#EXTINF:2.00000,\n${name}\n`);
    history.add(playlist);
    judge.addPlaylist(playlist);
    const file = toMediaFile(`/${name}`, fileOf('high', name));
    judge.addFile(file);
    judge.addFile(file);
  }
  expect(findings.findings()).toEqual([]);
  expect(judge.measured).toHaveLength(SEGMENTS);
});

test('the frame rate is that of a whole segment, since timestamps are rounded', () => {
  const track = {
    kind: 'video',
    timescale: 1_000,
    sampleTicks: [33, 34, 33],
    width: 640,
    height: 360,
    sampleBytes: 9,
  } as const;
  const history = new SegmentHistory();
  const toPath = (uri: string) => `/${uri}`;
  const judge = new MediaJudge({ history, findings: new FindingList(), place: 'high/media.m3u8', toPath });
  const head = '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI="init.mp4"\n';
  const playlist = parseMediaPlaylist(`${head}#EXTINF:2.00000,\n7.m4s\n`);
  history.add(playlist);
  judge.addPlaylist(playlist);
  judge.addFile(toMediaFile('/init.mp4', tinyInit(track)));
  judge.addFile(toMediaFile('/7.m4s', tinyFragment(track, 14_000, 60, true)));
  const [{ framesPerSecond } = { framesPerSecond: null }] = judge.measured;
  expect(framesPerSecond).toBeGreaterThan(29.97);
  expect(framesPerSecond).toBeLessThanOrEqual(30);
});
