import { FindingList } from '#scripts/check-hls/finding-list.ts';
import { toMediaFile } from '#scripts/check-hls/media/media-file.ts';
import { MediaJudge } from '#scripts/check-hls/media-judge.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';
import { SegmentHistory } from '#scripts/check-hls/segment-history.ts';
import { fileOf } from './good-stream.ts';

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
