import { setTimeout as sleep } from 'node:timers/promises';
import type { LadderName } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import { masterPath, watchPath } from '#domain/playback-paths.ts';
import { makeClip } from '#kit/clip.ts';
import { findLiveFfmpeg } from '#kit/encoder-processes.ts';
import { isPlayable, mediaPlaylistUris } from '#kit/first-playlist.ts';
import { HttpViewer } from '#kit/http-viewer.ts';
import { rememberSecret } from '#kit/secrets.ts';
import { StreamWitness } from '#kit/stream-witness.ts';
import { publishTags, type TagPublisher, type TagPublisherOptions } from '#kit/tag-publisher.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { RunningHeadend } from '#scripts/bench/systems/headend.ts';
import { ApiWatch } from './api-watch.ts';
import { askAgain } from './ask-again.ts';
import type { FaultOutcome, Observation } from './fault.ts';
import type { FaultContext } from './fault-context.ts';
import { type FfmpegPublisher, publishWithFfmpeg } from './ffmpeg-publisher.ts';
import { openPlainPlayer, openWatchPage } from './page-players.ts';
import type { Player } from './player.ts';
import { type ProgramPlayerName, startProgramPlayer } from './program-players.ts';

export interface SceneOptions {
  /** @default the platform with one task */
  readonly platform?: RunningHeadend;
  /** @default 360p */
  readonly ladder?: LadderName;
  /** @default low */
  readonly latency?: LatencyName;
}

/** Who watches. */
export type PlayerName = 'page' | 'plain' | ProgramPlayerName;

/** hls.js at the end of a slow line. */
export interface SlowPlayer {
  readonly player: 'plain';
  readonly kbps: number;
}

/** A media playlist that was answered. */
interface AnsweredPlaylist {
  /** Its path below the stream's folder. */
  readonly playlist: string;
  readonly text: string;
}

const START_TIMEOUT_SECONDS = 60;
const FIRST_SEGMENTS = 2;
/** The smallest picture in which the frame counter can be read. */
const TAG_CLIP = { width: 320, height: 180, seconds: 8, videoKbps: 300 } as const;

/** One stream, its publisher and its viewers. */
export class Scene {
  readonly platform: RunningHeadend;
  readonly streamId: string;
  /** Ends with the key. */
  readonly publishUrl: string;
  readonly streamKey: string;
  /** Folder of the playlists, without a trailing slash. */
  readonly liveUrl: string;
  readonly watchUrl: string;
  readonly api: ApiWatch;
  readonly witness = new StreamWitness();
  readonly #context: FaultContext;
  readonly #players: Player[] = [];
  readonly #playlists = new Map<string, AnsweredPlaylist>();
  #viewer: HttpViewer | null = null;

  private constructor(context: FaultContext, platform: RunningHeadend, stream: StreamOfScene) {
    this.#context = context;
    this.platform = platform;
    this.streamId = stream.id;
    this.streamKey = stream.streamKey;
    this.publishUrl = `${platform.rtmpUrl}/${stream.streamKey}`;
    const { origin } = new URL(platform.watchUrl);
    this.liveUrl = `${origin}${masterPath(stream.playbackId)}`.replace(/\/master\.m3u8$/, '');
    this.watchUrl = `${origin}${watchPath(stream.playbackId)}`;
    this.api = ApiWatch.start(context, { api: platform.api, streamId: stream.id });
  }

  /** Makes the stream. It is deleted with the context. */
  static async open(context: FaultContext, options: SceneOptions = {}): Promise<Scene> {
    const { platform = await context.platform(), ladder = '360p', latency = 'low' } = options;
    const stream = await askAgain(() => platform.api.createStream({ title: 'Fault', ladder, latency }));
    rememberSecret(stream.streamKey);
    context.defer(() => askAgain(async () => ({ gone: await platform.api.deleteStream(stream.id) })));
    return new Scene(context, platform, stream);
  }

  /** Who watches, in the order in which they began. */
  get players(): readonly Player[] {
    return this.#players;
  }

  /** The media playlists that were answered, without repetitions. */
  get mediaPlaylists(): readonly AnsweredPlaylist[] {
    return [...this.#playlists.values()];
  }

  get masterUrl(): string {
    return `${this.liveUrl}/master.m3u8`;
  }

  /** Publishes what FFmpeg's arguments name. */
  publish(args: readonly string[], rtmpUrl = this.publishUrl): FfmpegPublisher {
    return publishWithFfmpeg(this.#context, args, rtmpUrl);
  }

  /** Publishes a clip's tags, changed. */
  async publishTags(options: Pick<TagPublisherOptions, 'change' | 'metadata'>): Promise<TagPublisher> {
    const rtmpPort = Number(new URL(this.publishUrl).port);
    const clipPath = await makeClip(TAG_CLIP);
    const publisher = await publishTags({ ...options, rtmpPort, clipPath, streamKey: this.streamKey });
    this.#context.defer(async () => publisher.kill());
    return publisher;
  }

  /** Resolves when all playlists list media. */
  async untilPlayable(timeoutSeconds = START_TIMEOUT_SECONDS): Promise<void> {
    const { signal } = this.#context;
    await waitFor('a playlist with media', () => isPlayable(this.masterUrl, signal), {
      ...{ signal, timeoutMs: this.#patient(timeoutSeconds) * 1000 },
    });
  }

  /**
   * Waits until there are some segments, opens players, and resolves when all of them play. What players make of the very first
   * segments is a fault of its own.
   */
  async watchWith(...names: readonly (PlayerName | SlowPlayer)[]): Promise<readonly Player[]> {
    await this.untilPlayable();
    await waitFor('the first segments', () => this.#hasSegments(), this.#limits());
    this.#viewer ??= this.#startViewer();
    const players = await Promise.all(names.map((name) => this.#open(name)));
    this.#players.push(...players);
    await Promise.all(players.map((player) => this.untilMoved(player)));
    return players;
  }

  /** Resolves when a player has played for some seconds more than now. */
  async untilMoved(player: Player, seconds = 1): Promise<void> {
    const position = async () => (await player.positionSeconds()) ?? null;
    const from = await waitFor(`${player.name} to play`, position, this.#limits());
    await waitFor(`${player.name} to play on`, async () => ((await position()) ?? 0) >= from + seconds, this.#limits());
  }

  /** Lets time pass. */
  async pass(seconds: number): Promise<void> {
    await sleep(seconds * 1000, undefined, { signal: this.#context.signal });
  }

  /** Waits for something that shall happen. Resolves to whether it did. */
  async happens(what: string, timeoutSeconds: number, check: () => boolean | Promise<boolean>): Promise<boolean> {
    const limits = { signal: this.#context.signal, timeoutMs: this.#patient(timeoutSeconds) * 1000, intervalMs: 100 };
    return waitFor(what, check, limits).catch((error) => {
      if (this.#context.signal.aborted) throw error;
      return false;
    });
  }

  /** Stops the stream by the control API. */
  async stop(): Promise<void> {
    await askAgain(() => this.platform.api.stopStream(this.streamId));
  }

  /** Kills the newest FFmpeg that encodes what a publisher sends. Waits for one if there is none. */
  async killFfmpeg(): Promise<void> {
    const pid = await waitFor('an FFmpeg to kill', () => findLiveFfmpeg(this.platform.encoderPid), this.#limits());
    process.kill(pid, 'SIGKILL');
  }

  /** The multivariant playlist. Null if there is none. */
  async master(): Promise<string | null> {
    const response = await fetch(this.masterUrl, { signal: this.#context.signal });
    const text = await response.text();
    return response.ok ? text : null;
  }

  /** Observations that every fault has in common, and those given. */
  async outcome(observations: readonly Observation[]): Promise<FaultOutcome> {
    const players = await Promise.all(this.#players.map((player) => player.report()));
    await this.#viewer?.stop();
    const flaws = this.witness.contradictions();
    const rules: Observation = {
      ok: flaws.length === 0,
      seen: flaws.length === 0 ? 'playlists fit together' : `${flaws.length} flaws: ${flaws.slice(0, 2).join('; ')}`,
    };
    const { restarts, said } = this.api;
    return { observations: this.#viewer === null ? observations : [...observations, rules], players, restarts, said };
  }

  /** No player shall have stalled for longer. The others play from segments, and may wait for one more. */
  async stalls(atMostSeconds: number): Promise<readonly Observation[]> {
    const reports = await Promise.all(this.#players.map((player) => player.report()));
    return reports.map(({ player, longestStallSeconds }) => {
      const allowed = this.#patient(atMostSeconds) + (player === 'page' || player === 'plain' ? 0 : SEGMENTS_SECONDS);
      return {
        ok: longestStallSeconds <= allowed,
        seen: `${player} stalled ${longestStallSeconds.toFixed(1)} s${longestStallSeconds <= allowed ? '' : `, ${allowed} s allowed`}`,
      };
    });
  }

  async #hasSegments(): Promise<boolean> {
    const uris = mediaPlaylistUris((await this.master()) ?? '');
    const texts = await Promise.all(uris.map(async (uri) => (await fetch(`${this.liveUrl}/${uri}`)).text()));
    return texts.every((text) => (text.match(/#EXTINF/g) ?? []).length >= FIRST_SEGMENTS);
  }

  #limits() {
    return { signal: this.#context.signal, timeoutMs: this.#patient(START_TIMEOUT_SECONDS) * 1000 };
  }

  #patient(seconds: number): number {
    return seconds * this.#context.patience;
  }

  #startViewer(): HttpViewer {
    const viewer = new HttpViewer({
      ...{ liveUrl: this.liveUrl, witness: this.witness },
      onAnswer: ({ url, status, body }) => {
        const playlist = /([^/]+\/media\.m3u8)/.exec(url)?.[1];
        if (playlist === undefined || status !== 200) return;
        const text = body.toString();
        this.#playlists.set(`${playlist} ${text}`, { playlist, text });
      },
    });
    this.#context.defer(() => viewer.stop());
    return viewer;
  }

  async #open(name: PlayerName | SlowPlayer): Promise<Player> {
    if (typeof name !== 'string') return openPlainPlayer(this.#context, this.masterUrl, name.kbps);
    if (name === 'page') return openWatchPage(this.#context, this.watchUrl);
    if (name === 'plain') return openPlainPlayer(this.#context, this.masterUrl);
    return startProgramPlayer(this.#context, name, this.masterUrl);
  }
}

/** Two segments of the profile `low`. */
const SEGMENTS_SECONDS = 4;

interface StreamOfScene {
  readonly id: string;
  readonly streamKey: string;
  readonly playbackId: string;
}

/** A observation that says what was seen either way. */
export const observation = (ok: boolean, seen: string): Observation => ({ ok, seen });
