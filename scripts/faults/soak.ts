import { join } from 'node:path';
import { type BreakableProxy, startBreakableProxy } from '#kit/breakable-proxy.ts';
import { makeClip } from '#kit/clip.ts';
import { HttpViewer } from '#kit/http-viewer.ts';
import { Random } from '#kit/random.ts';
import { ReturningPublisher } from '#kit/returning-publisher.ts';
import { makeTemporaryFolder } from '#scripts/bench/bench-context.ts';
import { compareResources, readResources } from './encoder-resources.ts';
import type { Fault } from './fault.ts';
import { observation, Scene } from './scene.ts';
import { startSpiedPlatform } from './spied-platform.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
}

/** Before and after, nothing is broken for so long. It is longer than the window of the playlists. */
const CALM_SECONDS = 45;
const MAX_PAUSE_SECONDS = 12;
const RETRY_MS = 2_000;
const MAX_FREEZE_SECONDS = 6;
/** The answer to a blocked reload while the network is frozen. */
const STOOD_STILL = / x 503 for .*: the stream has not come that far in time/;
const CLIP = { width: 640, height: 360, videoKbps: 800, seconds: 8 } as const;

/** Everything that leaves a stream alive, at random, over one stream. */
export const soak = ({ seconds, seed }: SoakOptions): Fault => ({
  name: 'soak',
  seconds: seconds + 2 * CALM_SECONDS,
  expected: 'memory, files, processes and timers as at the start; sequences only rise; all players play at the end',
  run: async (context) => {
    const spyFile = join(await makeTemporaryFolder(context), 'spy.json');
    const platform = await startSpiedPlatform(context, { file: spyFile });
    const scene = await Scene.open(context, { platform });
    const relay = await startBreakableProxy(scene.publishUrl);
    context.defer(() => relay.close());
    const publisher = new ReturningPublisher({
      ...{ clipPath: await makeClip(CLIP), rtmpUrl: relayedUrl(scene, relay), retryDelayMs: RETRY_MS },
    });
    context.defer(() => publisher.stop());
    const players = await scene.watchWith('page', 'plain');
    await scene.pass(CALM_SECONDS);
    const before = await readResources(platform, spyFile);

    const counts = new Map<string, number>();
    const random = new Random(seed);
    const untilMs = performance.now() + seconds * 1000;
    while (performance.now() < untilMs) {
      const disturbance = random.pick(DISTURBANCES);
      counts.set(disturbance.name, (counts.get(disturbance.name) ?? 0) + 1);
      await disturbance.run({ scene, relay, publisher, random });
      await scene.pass(random.integer(1, MAX_PAUSE_SECONDS));
    }

    await scene.pass(CALM_SECONDS);
    const after = await readResources(platform, spyFile);
    const positions = await Promise.all(players.map((player) => player.positionSeconds()));
    await scene.pass(5);
    const later = await Promise.all(players.map((player) => player.positionSeconds()));
    const playing = players.map(({ name }, index) => {
      const plays = (later[index] ?? 0) > (positions[index] ?? Number.POSITIVE_INFINITY);
      return observation(plays, plays ? `${name} plays` : `${name} does not play any more`);
    });
    const failures = scene.witness.failures().filter((failure) => !STOOD_STILL.test(failure));
    return scene.outcome([
      observation(true, [...counts].map(([name, count]) => `${count} x ${name}`).join(', ')),
      ...compareResources(before, after),
      ...playing,
      observation(
        failures.length === 0,
        failures.length === 0 ? 'all media was there' : failures.slice(0, 3).join(', '),
      ),
    ]);
  },
});

interface SoakWorld {
  readonly scene: Scene;
  readonly relay: BreakableProxy;
  readonly publisher: ReturningPublisher;
  readonly random: Random;
}

interface Disturbance {
  readonly name: string;
  run(world: SoakWorld): Promise<void>;
}

const DISTURBANCES: readonly Disturbance[] = [
  { name: 'FFmpeg killed', run: ({ scene }) => scene.killFfmpeg() },
  { name: 'publisher crashed', run: ({ publisher }) => publisher.breakConnection() },
  { name: 'publisher stopped', run: ({ publisher }) => publisher.endPublish() },
  {
    name: 'network frozen',
    run: async ({ scene, relay, random }) => {
      relay.blackHole();
      await scene.pass(random.integer(1, MAX_FREEZE_SECONDS));
      await relay.mend();
    },
  },
  {
    name: 'network cut',
    run: async ({ scene, relay, random }) => {
      await relay.refuse();
      await scene.pass(random.integer(1, MAX_FREEZE_SECONDS));
      await relay.mend();
    },
  },
  {
    name: 'viewer came and went',
    run: async ({ scene, random }) => {
      const viewer = new HttpViewer({ liveUrl: scene.liveUrl, witness: scene.witness, usesDeltas: random.chance(0.5) });
      await scene.pass(random.integer(1, MAX_FREEZE_SECONDS)).finally(() => viewer.stop());
    },
  },
];

function relayedUrl({ publishUrl }: Scene, relay: BreakableProxy): string {
  const url = new URL(publishUrl);
  url.port = new URL(relay.url).port;
  return url.href;
}
