import { beepOffsets } from '#kit/sound-and-picture.ts';
import { makeTemporaryFolder } from '#scripts/bench/bench-context.ts';
import type { Fault } from '../fault.ts';
import { observation, Scene } from '../scene.ts';
import { liveSource, type SourceOptions } from '../source.ts';

const WATCHED_SECONDS = 14;
const MAX_OFFSET_SECONDS = 0.05;
const MIN_FLASHES = 4;
/** White, and a tone, for the first tenth of every second. */
const FLASH = "drawbox=t=fill:c=black,drawbox=t=fill:c=white:enable='lt(mod(t,1),0.1)'";
const BEEP = "volume=0:enable='gte(mod(t,1),0.1)'";

const MONO = ['-c:a', 'aac', '-ac', '1'];

/** What real encoders send. */
const SOURCES: Readonly<Record<string, SourceOptions>> = {
  usual: {},
  'b-frames': { video: ['-tune', 'film', '-bf', '3', '-g', '60', '-b:v', '800k'] },
  'gop-10s': { video: ['-g', '300', '-keyint_min', '300', '-sc_threshold', '0', '-b:v', '800k'] },
  'aac-22050': { audio: [...MONO, '-ar', '22050'] },
  'aac-44100': { audio: ['-c:a', 'aac', '-ar', '44100'] },
  'aac-6-channels': { audio: ['-c:a', 'aac', '-ac', '6', '-ar', '48000'] },
  portrait: { width: 360, height: 640 },
  rotated: {
    video: ['-g', '60', '-b:v', '800k', '-bsf:v', 'h264_metadata=display_orientation=insert:rotate=90'],
  },
  '23.976': { frameRate: 23.976 },
  '5-fps': { frameRate: 5, video: ['-g', '10', '-b:v', '400k'] },
};

function source(name: string, options: SourceOptions): Fault {
  return {
    name: `sources/${name}`,
    expected: 'plays, and sound is in step within 50 ms',
    run: async (context) => {
      const scene = await Scene.open(context);
      scene.publish(liveSource({ videoFilter: FLASH, audioFilter: BEEP, ...options }));
      await scene.watchWith('plain');
      await scene.pass(WATCHED_SECONDS);
      const folder = await makeTemporaryFolder(context);
      const offsets = await beepOffsets({ liveUrl: scene.liveUrl, rendition: '360p', folder });
      const worst = Math.max(...offsets.map(Math.abs));
      const isInStep = offsets.length >= MIN_FLASHES && worst <= MAX_OFFSET_SECONDS;
      return scene.outcome([
        observation(isInStep, `${offsets.length} flashes, off by ${Math.round(worst * 1000)} ms at most`),
        ...(await scene.stalls(2)),
      ]);
    },
  };
}

export const sources: readonly Fault[] = Object.entries(SOURCES).map(([name, options]) => source(name, options));
