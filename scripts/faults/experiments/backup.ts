import { isDeepStrictEqual } from 'node:util';
import type { FailoverReason } from '#domain/events.ts';
import type { IngestName } from '#domain/ingest-auth.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import { FAILOVER_MS, type IngestHealth } from '#domain/streams.ts';
import { type ClipOptions, makeClip } from '#kit/clip.ts';
import { takePresentedFrames, watchPresentedFrames } from '#kit/frame-counter.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { resetStalls } from '#kit/stall-meter.ts';
import { askAgain } from '../ask-again.ts';
import type { Fault, Observation } from '../fault.ts';
import type { FaultContext } from '../fault-context.ts';
import { observation, Scene } from '../scene.ts';
import { BACKUP_FIRST_FRAME_NUMBER, shownPublishers } from '../shown-publishers.ts';

const CLIP = { width: 640, height: 360, videoKbps: 800, seconds: 24 } as const;
const BEFORE_SECONDS = 6;
const AFTER_SECONDS = 10;
const AWAY_SECONDS = 5;
const FAILOVER_TIMEOUT_SECONDS = 10;
/** The primary one must be steady for 30 s. */
const RETURN_TIMEOUT_SECONDS = 45;
/** Beyond the time after which a silent publisher counts as stalled. */
const MAX_GAP_SECONDS = 1.5;
const THRESHOLD_SECONDS = FAILOVER_MS.usual / 1000;

/** A stream with a primary publisher on air and a backup, and somebody who watches. */
interface BackupWorld {
  readonly scene: Scene;
  readonly primary: TestPublisher;
  publishPrimary(): Promise<TestPublisher>;
}

interface BackupFaultOptions {
  readonly name: string;
  readonly expected: string;
  /** What is done. */
  readonly disturb: (world: BackupWorld) => Promise<void>;
  /** Who is on air after each change, and why. */
  readonly changes: readonly (readonly [IngestName, FailoverReason])[];
  /** Who is connected but not on air at the end. */
  readonly standby: IngestName | null;
  readonly maxStallSeconds: number;
  /** How the backup's clip differs. @default not at all, as with two encoders with the same settings */
  readonly backupClip?: Partial<ClipOptions>;
}

/** The primary encoder is stopped, and keeps its connection. */
const STALL = {
  disturb: async ({ scene, primary }: BackupWorld) => {
    process.kill(primary.pid, 'SIGSTOP');
    await untilChanges(scene, 1);
  },
  changes: [['backup', 'stalled']],
  standby: 'primary',
  maxStallSeconds: THRESHOLD_SECONDS + MAX_GAP_SECONDS,
} as const;

const FAULTS_OF_A_BACKUP: readonly BackupFaultOptions[] = [
  {
    name: 'stalls',
    expected: `the backup takes over ${THRESHOLD_SECONDS} s after the last of the primary one`,
    ...STALL,
  },
  {
    name: 'other-encoder',
    expected: `the backup, whose encoder has other settings, takes over ${THRESHOLD_SECONDS} s after the last of the primary one`,
    ...STALL,
    backupClip: { bFrames: 2, videoKbps: 1_200 },
  },
  {
    name: 'leaves',
    expected: 'the backup takes over at once',
    disturb: async ({ scene, primary }) => {
      await primary.kill();
      await untilChanges(scene, 1);
    },
    ...{ changes: [['backup', 'left']], standby: null, maxStallSeconds: MAX_GAP_SECONDS },
  },
  {
    name: 'returns',
    expected: 'the primary one is on air again when it has been steady for 30 s',
    disturb: async ({ scene, primary, publishPrimary }) => {
      await primary.kill();
      await untilChanges(scene, 1);
      await scene.pass(AWAY_SECONDS);
      await publishPrimary();
      await untilChanges(scene, 2, RETURN_TIMEOUT_SECONDS);
    },
    changes: [
      ['backup', 'left'],
      ['primary', 'recovered'],
    ],
    ...{ standby: 'backup', maxStallSeconds: MAX_GAP_SECONDS },
  },
];

/** A stream has a second encoder, and something happens to the first one. */
function backupFault(options: BackupFaultOptions, latency: LatencyName): Fault {
  const { name, expected, disturb, maxStallSeconds } = options;
  return {
    name: `backup/${name}/${latency}`,
    expected: `${expected}; nobody stalls for more than ${maxStallSeconds} s`,
    run: async (context) => {
      const world = await openWorld(context, latency, options);
      const { scene } = world;
      await disturb(world);
      await scene.pass(AFTER_SECONDS);
      const told = await observeWhatIsTold(scene, options);
      const shown = await observeWhatIsShown(scene, options, context.patience);
      return scene.outcome([...told, ...shown, ...(await scene.stalls(maxStallSeconds))]);
    },
  };
}

export const backupFaults: readonly Fault[] = FAULTS_OF_A_BACKUP.flatMap((options) =>
  (['low', 'ultra'] as const).map((latency) => backupFault(options, latency)),
);

async function openWorld(
  context: FaultContext,
  latency: LatencyName,
  { backupClip }: BackupFaultOptions,
): Promise<BackupWorld> {
  const scene = await Scene.open(context, { latency });
  const { api, rtmpUrl } = scene.platform;
  const { backupKey } = await askAgain(() => api.createBackupKey(scene.streamId));
  const publishPrimary = async () => publish(context, await makeClip(CLIP), scene.publishUrl);
  const primary = await publishPrimary();
  await scene.untilPlayable();
  const clip = { ...CLIP, firstFrameNumber: BACKUP_FIRST_FRAME_NUMBER, ...backupClip };
  await publish(context, await makeClip(clip), `${rtmpUrl}/${backupKey}`);
  if (!(await isTold(scene, { onAir: 'primary', standby: 'backup' }))) throw new Error('the health shows no backup');
  const pages = (await scene.watchWith('page', 'plain')).flatMap(({ page }) => page ?? []);
  await scene.pass(BEFORE_SECONDS);
  // How a player starts is not what is looked at.
  for (const page of pages) {
    await resetStalls(page);
    await watchPresentedFrames(page);
  }
  return { scene, primary, publishPrimary };
}

/** Copies a clip, which takes next to no CPU. */
async function publish(context: FaultContext, clipPath: string, rtmpUrl: string): Promise<TestPublisher> {
  const publisher = await startPublisher({ clipPath, rtmpUrl });
  context.defer(() => publisher.kill());
  return publisher;
}

/** Resolves when there were so many changes of publishers, or after a while. */
const untilChanges = (scene: Scene, count: number, timeoutSeconds = FAILOVER_TIMEOUT_SECONDS): Promise<boolean> =>
  scene.happens('a change', timeoutSeconds, () => changesOf(scene).length >= count);

const changesOf = ({ api }: Scene) =>
  api.events.filter(({ type }) => type === 'stream.failover').map(({ onAir, reason }) => [onAir, reason]);

/** Whether the health says this, after a moment. */
const isTold = (scene: Scene, expected: IngestHealth): Promise<boolean> =>
  scene.happens('the word of the health', FAILOVER_TIMEOUT_SECONDS, async () => {
    const { health } = await askAgain(() => scene.platform.api.getStream(scene.streamId));
    return isDeepStrictEqual(health?.ingest, expected);
  });

async function observeWhatIsTold(
  scene: Scene,
  { changes, standby, backupClip }: BackupFaultOptions,
): Promise<readonly Observation[]> {
  const said = changesOf(scene);
  const onAir = changes.at(-1)?.[0] ?? 'primary';
  const isRight = await isTold(scene, { onAir, standby });
  const { restarts } = scene.api;
  // Another sequence header takes another FFmpeg.
  const expectedRestarts = backupClip === undefined ? 0 : 1;
  return [
    observation(
      isDeepStrictEqual(said, changes),
      `events: ${said.map((change) => change.join(' ')).join(', ') || 'none'}`,
    ),
    observation(isRight, `the health ${isRight ? 'says' : 'does not say'} that the ${onAir} is on air`),
    observation(restarts.length === expectedRestarts, `${restarts.length} FFmpegs replaced`),
  ];
}

async function observeWhatIsShown(
  { players }: Scene,
  { changes, maxStallSeconds }: BackupFaultOptions,
  patience: number,
): Promise<readonly Observation[]> {
  const order = ['primary', ...changes.map(([publisher]) => publisher)];
  const shown = players.map(async ({ name, page }): Promise<Observation> => {
    const frames = page === undefined ? [] : await takePresentedFrames(page);
    const { order: seen, longestFreezeSeconds: seconds } = shownPublishers(frames);
    const ok = isDeepStrictEqual(seen, order) && seconds <= maxStallSeconds * patience;
    return observation(ok, `${name} showed ${seen.join(', ')}, no picture for longer than ${seconds.toFixed(1)} s`);
  });
  return Promise.all(shown);
}
