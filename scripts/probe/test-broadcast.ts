import { setTimeout as sleep } from 'node:timers/promises';
import type { PlaybackMode } from '#domain/playback-ids.ts';
import { masterPath } from '#domain/playback-paths.ts';
import { makeClip } from '#kit/clip.ts';
import { isPlayable } from '#kit/first-playlist.ts';
import { HttpViewer } from '#kit/http-viewer.ts';
import { startPublisher, type TestPublisher } from '#kit/publisher.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { waitFor } from '#kit/wait-for.ts';
import { signalWithin } from '#runtime/signal-within.ts';
import type { ControlApiClient } from '#scripts/api/control-api-client.ts';
import { HttpClient } from '#scripts/check-hls/http-client.ts';
import { type PictureDelays, readPicture } from './picture-delays.ts';
import { PlayedAnswers } from './played-answers.ts';
import { PlayedParts } from './played-parts.ts';
import type { IngestProtocol } from './probe-target.ts';

/** A test picture that was published and watched. It stays on air until the probe ends. */
export interface TestBroadcast {
  readonly protocol: IngestProtocol;
  readonly playbackId: string;
  /** Folder of the playlists as viewers get it, with the viewer token if there is one. No trailing slash. */
  readonly liveUrl: string;
  /** From the publisher's first packet to the first playlist that lists media. */
  readonly firstPlaylistMs: number;
  readonly answers: PlayedAnswers;
  readonly picture: PictureDelays;
  /** What the viewer did not get, and how answers contradict each other; one line each. */
  readonly flaws: readonly string[];
}

export interface TestBroadcastOptions {
  readonly api: ControlApiClient;
  readonly protocol: IngestProtocol;
  /** Where to publish, without the stream key. */
  readonly ingestUrl: string;
  readonly playbackBaseUrl: string;
  readonly playback: PlaybackMode;
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Registers a clean-up. */
  defer(cleanUp: () => Promise<unknown>): void;
  /** Registers a key or token that must not be printed. */
  hide(secret: string): void;
  /** Says what the probe is doing. */
  note(line: string): void;
}

/**
 * The counter is 720 frames long, so a delay of up to 24 s has one meaning. The ladder with one rung takes the least room
 * from the platform's own broadcasts.
 */
const PICTURE = { width: 640, height: 360, frameRate: '30', seconds: 24, videoKbps: 800 } as const;
const LADDER = '360p';
export const TEST_LATENCY = 'low';
const FRAMES_PER_SECOND = 30;
/** If the probe is killed, nobody can publish to what it leaves behind. */
const KEY_LIFETIME_MS = 3_600_000;
const START_TIMEOUT_MS = 30_000;
/** FFmpeg starts with what has come meanwhile. Until it has caught up, viewers are further behind than later. */
const SETTLE_MS = 3_000;
const POLL_MS = 100;

/** Publishes a test picture to a new stream and watches it. Rejects if it can't be published or has no playlist in time. */
export async function broadcastAndWatch(options: TestBroadcastOptions): Promise<TestBroadcast> {
  const { ingestUrl, protocol, seconds, signal, defer, note } = options;
  const clipPath = await makeClip(PICTURE);
  const { streamKey, playbackId, liveUrl, healthUrl } = await makeStream(options);
  note(`Publishing by ${protocol.toUpperCase()}, and watching for ${seconds} s ...`);
  const publisher = await startPublisher({ clipPath, rtmpUrl: `${ingestUrl}/${streamKey}` });
  defer(() => publisher.stop());
  const publishedAtMs = await connected(publisher, signal);
  await waitFor('a playlist with media', () => isPlayable(`${liveUrl}/master.m3u8`, signal), {
    ...{ timeoutMs: START_TIMEOUT_MS, intervalMs: POLL_MS, signal },
  });
  const firstPlaylistMs = Date.now() - publishedAtMs;

  const witness = new StreamWitness();
  const answers = new PlayedAnswers();
  const parts = new PlayedParts();
  const viewer = new HttpViewer({
    liveUrl,
    witness,
    onAnswer: (response) => {
      answers.add(response);
      parts.add(response);
    },
  });
  try {
    await sleep(SETTLE_MS, undefined, { signal });
    parts.settle();
    await sleep(seconds * 1000, undefined, { signal });
    await askForOthers({ liveUrl, healthUrl }, answers, signal);
  } finally {
    await viewer.stop();
  }
  const picture = await readPicture({
    ...{ parts: parts.playable(), framesPerSecond: FRAMES_PER_SECOND, clipFrames: PICTURE.seconds * FRAMES_PER_SECOND },
    ...{ holdBackSeconds: parts.holdBackSeconds, captureTimeMs: publisher.captureTimeMs, signal },
  });
  const flaws = [...witness.failures(), ...witness.contradictions()];
  return { protocol, playbackId, liveUrl, firstPlaylistMs, answers, picture, flaws };
}

/** The viewer plays HLS from its start to its end, and asks for none of these. */
async function askForOthers(
  { liveUrl, healthUrl }: { readonly liveUrl: string; readonly healthUrl: string },
  answers: PlayedAnswers,
  signal: AbortSignal,
): Promise<void> {
  const client = new HttpClient();
  try {
    for (const file of ['manifest.mpd', 'time.txt', `${LADDER}/iframes.m3u8`, 'poster.jpg'])
      answers.add(await client.get(`${liveUrl}/${file}`, signal));
    answers.add(await client.get(healthUrl, signal));
  } finally {
    client.close();
  }
}

async function makeStream({ api, playback, playbackBaseUrl, defer, hide }: TestBroadcastOptions) {
  const nowMs = Date.now();
  const { id, streamKey, playbackId } = await api.createStream({
    title: `Probe at ${new Date(nowMs).toISOString()}`,
    ...{ ladder: LADDER, latency: TEST_LATENCY, playback, notAfter: new Date(nowMs + KEY_LIFETIME_MS).toISOString() },
  });
  hide(streamKey);
  defer(() => api.deleteStream(id));
  const token = playback === 'token' ? (await api.createViewerToken(id)).token : null;
  if (token !== null) hide(token);
  const liveUrl = `${playbackBaseUrl}${masterPath(playbackId, token)}`.replace(/\/master\.m3u8$/, '');
  const { healthUrl } = await api.createPreviewToken(id);
  hide(/\/t\/([^/]+)\//.exec(healthUrl)?.[1] ?? healthUrl);
  return { streamKey, playbackId, liveUrl, healthUrl };
}

/** Resolves to the time of the first packet. Rejects if the publish is refused or does not begin in time. */
async function connected(publisher: TestPublisher, signal: AbortSignal): Promise<number> {
  const limit = signalWithin(START_TIMEOUT_MS, signal);
  const never = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Error('the publish did not begin in time')), { once: true });
  });
  const atMs = await Promise.race([publisher.firstPacketAtMs, never]);
  if (atMs !== null) return atMs;
  throw new Error(`the publish was refused: ${(await publisher.exited).stderrTail.trim().split('\n').at(-1)}`);
}
