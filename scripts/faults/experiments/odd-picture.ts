import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Fault, Observation } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource, type SourceOptions } from '../source.ts';

const BEFORE_SECONDS = 4;
const PROBE_LIMIT_MS = 60_000;
/** Of the frames that FFmpeg's `idet` judges. Noise and hard edges look interlaced now and then. */
const MAX_COMBED_SHARE = 0.1;

/** A stream's picture as ffprobe describes it. */
const pictureSchema = z.object({
  width: z.number(),
  height: z.number(),
  sample_aspect_ratio: z.string().optional(),
  pix_fmt: z.string(),
  color_transfer: z.string().optional(),
});
type ProbedPicture = z.infer<typeof pictureSchema>;

interface OddPictureOptions {
  readonly name: string;
  readonly expected: string;
  readonly source: SourceOptions;
  readonly check: (scene: Scene, signal: AbortSignal) => Promise<readonly Observation[]>;
}

/** The source's picture is not what players take for granted. */
function oddPicture({ name, expected, source, check }: OddPictureOptions): Fault {
  return {
    name,
    expected,
    run: async (context) => {
      const scene = await Scene.open(context);
      scene.publish(liveSource(source));
      await scene.watchWith('plain');
      await scene.pass(BEFORE_SECONDS);
      return scene.outcome(await check(scene, context.signal));
    },
  };
}

const sampleAspect = oddPicture({
  name: 'sample-aspect',
  expected: 'square pixels in the shape that the source asks for',
  source: { width: 720, height: 576, videoFilter: 'setsar=64/45' },
  check: async (scene, signal) => {
    const { width, height, sample_aspect_ratio: ratio = '1:1' } = await probePicture(scene, signal);
    const isWide = Math.abs(width / height - 16 / 9) < 0.02;
    return [observation(isWide && ratio === '1:1', `${width}x${height}, sample aspect ratio ${ratio}`)];
  },
});

const interlaced = oddPicture({
  name: 'interlaced',
  expected: 'no combing',
  source: {
    // Not scaled on its way, which would blend the fields.
    ...{ frameRate: 60, videoFilter: 'scroll=horizontal=0.01,tinterlace=mode=interleave_top,setfield=tff' },
    video: ['-flags', '+ilme+ildct', '-x264-params', 'tff=1', '-g', '60', '-b:v', '2000k'],
  },
  check: async (scene, signal) => {
    const { stderr } = await ffmpeg(['-i', playlistOf(scene), '-t', '4', '-vf', 'idet', '-f', 'null', '-'], signal);
    const [, tff, bff, progressive] =
      /Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+)/.exec(stderr) ?? [];
    const combed = Number(tff) + Number(bff);
    const share = combed / (combed + Number(progressive));
    return [observation(share <= MAX_COMBED_SHARE, `${Math.round(share * 100)} % of the frames are combed`)];
  },
});

const hdr = (transfer: string, name: string): Fault =>
  oddPicture({
    name: `hdr/${name}`,
    expected: '10 bits are accepted, and viewers get 8 bits in BT.709',
    source: {
      video: [
        ...['-pix_fmt', 'yuv420p10le', '-profile:v', 'high10', '-g', '60', '-b:v', '800k'],
        ...['-color_trc', transfer, '-color_primaries', 'bt2020', '-colorspace', 'bt2020nc'],
      ],
    },
    check: async (scene, signal) => {
      const { pix_fmt: format, color_transfer: output = 'unknown' } = await probePicture(scene, signal);
      return [observation(format === 'yuv420p' && output === 'bt709', `${format}, transfer ${output}`)];
    },
  });

export const oddPictures: readonly Fault[] = [
  sampleAspect,
  interlaced,
  hdr('smpte2084', 'pq'),
  hdr('arib-std-b67', 'hlg'),
];

const playlistOf = (scene: Scene): string => `${scene.liveUrl}/360p/media.m3u8`;

function ffmpeg(args: readonly string[], signal: AbortSignal) {
  const options = { signal, timeout: PROBE_LIMIT_MS, killSignal: 'SIGKILL' } as const;
  return promisify(execFile)('ffmpeg', ['-hide_banner', '-nostdin', ...args], options);
}

async function probePicture(scene: Scene, signal: AbortSignal): Promise<ProbedPicture> {
  const args = ['-loglevel', 'error', '-select_streams', 'v:0', '-show_streams', '-of', 'json', playlistOf(scene)];
  const { stdout } = await promisify(execFile)('ffprobe', args, { signal, timeout: PROBE_LIMIT_MS });
  return z.object({ streams: z.tuple([pictureSchema], z.unknown()) }).parse(JSON.parse(stdout)).streams[0];
}
