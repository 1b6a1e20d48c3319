import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { Random } from '#kit/random.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { makeSourceTags } from '#test/encoder/transcode/source-clip.ts';
import type { EncodedRun } from '#test/support/encoded-run.ts';
import { FRAME_RATE, MEDIA_SECONDS, prepareOutput, standInSpawn } from './interleavings/stand-in-ffmpeg.ts';
import { suspendableTimers } from './interleavings/suspension.ts';
import { World } from './interleavings/world.ts';

/** Set CLUSTER_SEEDS to run more, from CLUSTER_SEED on. */
const SEEDS = Number(process.env.CLUSTER_SEEDS ?? 4);
const FIRST_SEED = Number(process.env.CLUSTER_SEED ?? 1);
/** They wait most of the time. */
const AT_ONCE = 4;
const STEPS = 14;
const VIDEO = { width: 320, height: 180, frameRate: `${FRAME_RATE.numerator}` } as const;
const STEREO = { sampleRateHz: 48_000, channels: 2 } as const;

let output: EncodedRun;
let source: readonly FlvTag[];
let restoreTimers: () => void;

beforeAll(async () => {
  restoreTimers = suspendableTimers();
  output = await prepareOutput();
  source = await makeSourceTags({ seconds: MEDIA_SECONDS, video: VIDEO, audio: STEREO });
});
afterAll(() => restoreTimers());

async function runScenario(seed: number): Promise<string | null> {
  const random = new Random(seed);
  const database = await startTemporaryDynamoDb();
  const world = new World({ random, database, source, streams: 2, spawn: standInSpawn(output) });
  try {
    for (let task = 0; task < 3; task++) await world.startTask();
    world.watch();
    for (let step = 0; step < STEPS; step++) {
      await Promise.race([world.step(), pause(1_500)]);
      await pause(random.pick([0, 50, 300, 1_000]));
    }
    await world.finish();
  } catch (error) {
    world.violations.add(`${error}`);
  }
  await world.close();
  await database.close();
  if (world.violations.size === 0) return null;
  return [`CLUSTER_SEED=${seed}`, ...world.violations, ...world.log].join('\n');
}

const pause = (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs));

test(
  'whatever fails in whichever order, viewers see one presentation',
  async () => {
    const failures: string[] = [];
    const seeds = Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index);
    const runNext = async (): Promise<void> => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
        const failure = await runScenario(seed);
        if (failure !== null) failures.push(failure);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runNext));
    expect(failures.join('\n\n')).toBe('');
  },
  60_000 + SEEDS * 20_000,
);
