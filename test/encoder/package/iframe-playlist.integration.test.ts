import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { renderIframePlaylist } from '#encoder/package/iframe-playlist.ts';
import { resumedPackage } from '#encoder/package/lost-package.ts';
import { offeredRenditions } from '#encoder/package/offered-renditions.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { encodeRun, FPS_30, feed, interleaved, toMediaRun } from '#test/support/encoded-run.ts';
import { FIRST_MSN, FollowedPackage, readSamples } from './followed-package.ts';

const VIDEO = { frameRate: FPS_30, keyframeFrames: 60, bFrames: 0 };
const SIZES = { '480p': 128 * 72, '360p': 64 * 36 };

/** A run with something to say in the first part of its second segment, which has not ended. */
async function sayingRun(latency: 'low' | 'standard'): Promise<FollowedPackage> {
  const encoded = await encodeRun({ seconds: latency === 'low' ? 6 : 10, video: VIDEO });
  const followed = new FollowedPackage(latency);
  const said = [
    { mediaSeconds: 3.1, leadSeconds: 0, message: { id3: Buffer.from('ID3'), splices: [], timeSeconds: null } },
  ];
  const takeTimedData = (untilSeconds: number) => (untilSeconds > 3.1 ? said.splice(0) : []);
  const steps = interleaved(encoded);
  feed(followed.beginRun(toMediaRun(encoded, 7, { takeTimedData })), steps.slice(0, Math.floor(steps.length * 0.95)));
  return followed;
}

function iframesOf(stream: StreamPackage, rendition: string): string {
  const timeline = stream.renditions.get(rendition);
  if (timeline === undefined) throw new Error(`no rendition ${rendition}`);
  return renderIframePlaylist(stream, timeline);
}

/** The bytes that each entry of a playlist names, as the origin has them. */
function entriesOf(stream: StreamPackage, rendition: string) {
  const timeline = stream.renditions.get(rendition);
  const entries = iframesOf(stream, rendition).matchAll(/#EXT-X-BYTERANGE:(\d+)@(\d+)\n#EXTINF:.*\n(\d+)-(\d+)\.m4s/g);
  return [...entries].map(([, bytes, offset, epoch, msn]) => {
    const segment = timeline?.segment(Number(epoch), Number(msn));
    const file = Buffer.concat(segment?.parts.map(({ data }) => data) ?? []);
    return { file, range: file.subarray(Number(offset), Number(offset) + Number(bytes)), offset: Number(offset) };
  });
}

/** The frames that FFmpeg makes of some bytes, without a container. */
async function decode(media: Buffer): Promise<Buffer> {
  const output = ['-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'gray', 'pipe:1'];
  const decoder = spawn('ffmpeg', ['-v', 'error', '-i', 'pipe:0', ...output], { stdio: ['pipe', 'pipe', 'ignore'] });
  decoder.stdin.on('error', () => undefined).end(media);
  const [frames] = await Promise.all([buffer(decoder.stdout), once(decoder, 'close')]);
  return frames;
}

test.each(['low', 'standard'] as const)(
  '%s: each entry is the IDR frame of its segment, and no more',
  async (latency) => {
    const { stream } = await sayingRun(latency);
    for (const rendition of ['480p', '360p'] as const) {
      const entries = entriesOf(stream, rendition);
      expect(entries).toHaveLength(
        stream.renditions
          .get(rendition)
          ?.held()
          .filter(({ isComplete }) => isComplete).length ?? 0,
      );
      for (const { file, range } of entries) {
        const [first] = readSamples(file);
        expect(range.toString('latin1', 4, 8)).toBe('moof');
        expect(first?.isSync).toBe(true);
        expect(range.subarray(-(first?.data.length ?? 0))).toEqual(first?.data);
      }
      const init = stream.renditions.get(rendition)?.initSection(7) ?? Buffer.alloc(0);
      const frames = await decode(Buffer.concat([init, entries.at(-1)?.range ?? Buffer.alloc(0)]));
      expect(frames).toHaveLength(SIZES[rendition]);
    }
  },
);

test('what the publisher said is not in the range', async () => {
  const { stream } = await sayingRun('low');
  const offsets = entriesOf(stream, '480p').map(({ offset }) => offset);
  expect(offsets.filter((offset) => offset > 0)).toHaveLength(1);
});

test('a segment that was lost with another task is a gap', async () => {
  const { stream } = await sayingRun('low');
  const offered = offeredRenditions(stream);
  if (offered === null) throw new Error('nothing is offered');
  const resumed = resumedPackage({ latency: 'low', offered, firstMsn: FIRST_MSN + 10 });
  expect(iframesOf(resumed, '480p')).toMatch(/#EXT-X-PROGRAM-DATE-TIME:.*\n#EXT-X-GAP\n#EXTINF:.*\n7-\d+\.m4s\n$/);
});
