import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EventBody } from '#domain/events.ts';
import type { AuthorisedStream } from '#domain/ingest-auth.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import { renderMediaPlaylist } from '#encoder/package/media-playlist.ts';
import type { Segment } from '#encoder/package/segment.ts';
import type { StreamPackage } from '#encoder/package/stream-package.ts';
import { SlateMaker } from '#encoder/slate/slate-maker.ts';
import type { LiveStreams } from '#encoder/streams/live-streams.ts';
import type { SpawnProcess } from '#encoder/transcode/ffmpeg-process.ts';
import { startTemporaryDynamoDb, TEST_TABLES } from '#kit/temporary-dynamodb.ts';
import { waitFor } from '#kit/wait-for.ts';
import { createLiveStore } from '#runtime/live-store.ts';
import { createLogger } from '#runtime/log.ts';
import { checkMediaPlaylist } from '#scripts/check-hls/check-playlist.ts';
import { GREEN, makePng } from '#test/support/pictures.ts';
import { makeStreams } from './make-streams.ts';
import { publish, STREAM, type TestPublish } from './test-publish.ts';

const FONTS_DIR = fileURLToPath(new URL('../../../node_modules/dejavu-fonts-ttf/ttf', import.meta.url));
/** A title of which every character means something to a parser of filters, scripts or expressions. */
const TITLED = { ...STREAM, title: `Harbour; at: night, [v0] %{n} \\N{\\b1} '"` };
const log = createLogger({ service: 'test', level: process.env.STREAMS_TEST_LOG ?? 'silent' });

export interface SlateSceneOptions {
  /** What publishers send. */
  readonly clip: readonly FlvTag[];
  /** @default longer than any test */
  readonly reconnectWindowMs?: number;
  /** Starts the FFmpeg that makes a slate. @default as the product does */
  readonly spawnSlate?: SpawnProcess;
}

/** One stream of a task that shows slates, with a database of its own, so that such tests run side by side. */
export class SlateScene {
  readonly events: EventBody[] = [];
  /** The FFmpegs that made slates. */
  readonly slates: ChildProcess[] = [];
  /** The streams whose own picture was read. */
  readonly pictured: string[] = [];
  /** Starts the FFmpeg of a publish. */
  spawnLive: SpawnProcess = spawn;
  readonly #clip: readonly FlvTag[];
  readonly #database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>;
  readonly #streams: LiveStreams;
  readonly #publishes: TestPublish[] = [];

  private constructor(options: SlateSceneOptions, database: Awaited<ReturnType<typeof startTemporaryDynamoDb>>) {
    const { clip, reconnectWindowMs = 60_000, spawnSlate = spawn } = options;
    this.#clip = clip;
    this.#database = database;
    const keep: SpawnProcess = (...call) => {
      const child = spawnSlate(...call);
      this.slates.push(child);
      return child;
    };
    const readImage = async (streamId: string) => {
      this.pictured.push(streamId);
      return { type: 'image/png', data: makePng({ width: 64, height: 36, colour: GREEN }) } as const;
    };
    this.#streams = makeStreams({
      store: createLiveStore({ client: database.client, tables: TEST_TABLES }),
      emit: (event) => this.events.push(event),
      slates: new SlateMaker({ imagePath: null, readImage, fontsDir: FONTS_DIR, spawn: keep, log }),
      spawn: (...call) => this.spawnLive(...call),
      ...{ reconnectWindowMs, log },
    });
  }

  /** Calls `run` with a scene, and ends everything of the scene. */
  static async with(options: SlateSceneOptions, run: (scene: SlateScene) => Promise<void>): Promise<void> {
    const database = await startTemporaryDynamoDb();
    const scene = new SlateScene(options, database);
    try {
      await run(scene);
    } finally {
      for (const publisher of scene.#publishes) publisher.leave();
      await scene.#streams.close();
      await scene.#database.close();
    }
  }

  /** Begins a publish that sends nothing yet. */
  async publish(id: string, stream: AuthorisedStream = TITLED): Promise<TestPublish> {
    const publisher = await publish(this.#streams, id, stream);
    this.#publishes.push(publisher);
    return publisher;
  }

  /** Publishes the clip in real time. */
  async publishClip(id: string, stream: AuthorisedStream = TITLED): Promise<TestPublish> {
    const publisher = await this.publish(id, stream);
    void publisher.send(this.#clip);
    return publisher;
  }

  async publishUntilSlateIsMade(id: string): Promise<TestPublish> {
    const publisher = await this.publishClip(id);
    await waitFor('a slate', () => this.slates.length === 1 && this.slates[0]?.exitCode === 0);
    return publisher;
  }

  untilLive(): Promise<unknown> {
    return waitFor('the stream', () => this.events.some(({ type }) => type === 'stream.live'));
  }

  /** Waits until so much of a run is there. Playlists keep to the rules meanwhile. */
  async untilSeconds(epoch: number, seconds: number): Promise<void> {
    await waitFor(`${seconds} s of run ${epoch}`, () => {
      expect(this.playlistProblems()).toEqual([]);
      const segments = this.segments().filter((segment) => segment.epoch === epoch);
      return segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) >= seconds;
    });
  }

  get package(): StreamPackage {
    const found = this.#streams.find(STREAM.playbackId);
    if (found === undefined) throw new Error('there is no stream');
    return found;
  }

  segments(rendition = '360p'): readonly Segment[] {
    return this.package.renditions.get(rendition)?.held() ?? [];
  }

  /** The runs of which there is media, in its order. */
  epochs(): number[] {
    return [...new Set(this.segments().map(({ epoch }) => epoch))];
  }

  initSection(rendition: string, epoch: number): Buffer | undefined {
    return this.package.renditions.get(rendition)?.initSection(epoch);
  }

  playlistProblems(): string[] {
    const held = this.package;
    return [...held.renditions].flatMap(([name, timeline]) =>
      timeline.listed().length === 0 ? [] : checkMediaPlaylist(renderMediaPlaylist(held, name, timeline, false)),
    );
  }

  /**
   * How far the dates of segments of these runs are from the ends of those before them, in milliseconds. A slate may begin later
   * than the run before it has ended: on a busy machine, FFmpeg can be seconds behind when its publisher leaves.
   */
  dateGaps(rendition: string, runs: readonly number[]): number[] {
    const segments = this.segments(rendition).filter(({ epoch }) => runs.includes(epoch));
    return segments.flatMap((segment, index) => {
      const before = segments[index - 1];
      return before === undefined ? [] : [Math.abs(segment.programDateTimeMs - endsAtMs(before))];
    });
  }

  /** What FFmpeg says about the media of a run. */
  async decodingErrors(rendition: string, epoch: number): Promise<string> {
    const segments = this.segments(rendition).filter((segment) => segment.epoch === epoch);
    const media = segments.flatMap(({ parts }) => parts.map(({ data }) => data));
    const decoding = promisify(execFile)('ffmpeg', ['-v', 'warning', '-i', 'pipe:0', '-f', 'null', '-']);
    decoding.child.stdin?.end(Buffer.concat([this.initSection(rendition, epoch) ?? Buffer.alloc(0), ...media]));
    return (await decoding).stderr;
  }
}

export const endsAtMs = ({ programDateTimeMs, durationSeconds }: Segment): number =>
  programDateTimeMs + durationSeconds * 1000;
