import { AUDIO_RENDITION } from '#domain/ladders.ts';
import type { LatencyName } from '#domain/latency-profiles.ts';
import type { MediaRun, RunSink } from '#encoder/media/media-run.ts';
import { BoxStream } from '#encoder/package/box-stream.ts';
import { parseFragment, type Sample } from '#encoder/package/fragment.ts';
import { renderIframePlaylist } from '#encoder/package/iframe-playlist.ts';
import { renderMediaPlaylist } from '#encoder/package/media-playlist.ts';
import { exportPackage } from '#encoder/package/package-export.ts';
import { restorePackage } from '#encoder/package/package-restore.ts';
import type { RenditionTimeline } from '#encoder/package/rendition-timeline.ts';
import { StreamPackage } from '#encoder/package/stream-package.ts';
import { MediaTimes } from '#kit/media-times.ts';
import { PlaylistRecorder } from '#kit/playlist-recorder.ts';
import { StreamChecker } from '#scripts/check-hls/stream-checker.ts';
import type { FeedStep } from '#test/support/encoded-run.ts';

/** The media sequence number of the first segment in tests. */
export const FIRST_MSN = 100;

/** More than any package in tests. */
export const MAX_MOVED_BYTES = 64 * 1024 * 1024;

/** A package whose playlists are all checked after every change, as viewers of all renditions would see them. */
export class FollowedPackage {
  /** All that viewers got. */
  readonly recorder = new PlaylistRecorder();
  #stream: StreamPackage;
  readonly #checker = new StreamChecker();
  readonly #overlaps: string[] = [];
  #nowMs = 0;
  /** Of each rendition, with the newest part that was checked. */
  readonly #times = new Map<string, { readonly times: MediaTimes; newest: readonly [msn: number, part: number] }>();
  #seenVersion = 0;

  /** Follows a new package, unless there is one already. */
  constructor(latency: LatencyName, stream = new StreamPackage({ latency, firstMsn: FIRST_MSN })) {
    this.#stream = stream;
  }

  /** Every violation so far, with its rendition. */
  get violations(): string[] {
    return [...this.#overlaps, ...this.#checker.details().map(({ rule, evidence }) => `${evidence} (${rule})`)];
  }

  get stream(): StreamPackage {
    return this.#stream;
  }

  /** Moves the package to another task, and returns the former one, which is frozen. Playlists are checked before and after. */
  async move(): Promise<StreamPackage> {
    const former = this.#stream;
    former.freeze();
    this.#check();
    this.#stream = await restorePackage(exportPackage(former).chunks, { maxBytes: MAX_MOVED_BYTES });
    this.#seenVersion = -1;
    this.#check();
    return former;
  }

  /** Begins a run. Playlists are checked after each write and at the end. */
  beginRun(run: MediaRun): RunSink {
    const sink = this.stream.beginRun(run);
    this.#check();
    return {
      ...sink,
      write: (rendition, chunk) => {
        const frames = sink.write(rendition, chunk);
        this.#check();
        return frames;
      },
      end: () => {
        const endSeconds = sink.end();
        this.#check();
        return endSeconds;
      },
    };
  }

  /** Begins a run, writes the steps and ends it. */
  addRun(run: MediaRun, steps: readonly FeedStep[]): void {
    const sink = this.beginRun(run);
    for (const { rendition, chunk } of steps) sink.write(rendition, chunk);
    sink.end();
  }

  end(): void {
    this.stream.end();
    this.#check();
  }

  /** The current media playlist of a rendition, as the origin answers: nothing is skipped after the end. */
  playlist(rendition: string, isDelta = false): string {
    const timeline = this.stream.renditions.get(rendition);
    if (timeline === undefined) throw new Error(`no rendition ${rendition}`);
    return renderMediaPlaylist(this.stream, rendition, timeline, isDelta && !timeline.ended);
  }

  /** All of a rendition's media in memory, in order. */
  media(rendition: string): Buffer {
    const segments = this.stream.renditions.get(rendition)?.held() ?? [];
    return Buffer.concat(segments.flatMap((segment) => segment.parts.map((part) => part.data)));
  }

  #check(): void {
    if (this.stream.version === this.#seenVersion) return;
    this.#seenVersion = this.stream.version;
    for (const name of this.stream.renditions.keys()) this.#overlaps.push(...this.#checkTimes(name));
    const listed = [...this.stream.renditions].filter(([, timeline]) =>
      timeline.listed().some((segment) => this.stream.profile.partSeconds !== null || segment.isComplete),
    );
    for (const [name] of listed) {
      for (const [query, isDelta] of [
        ['', false],
        ['?_HLS_skip=YES', true],
      ] as const) {
        const [url, body] = [`/live/id/${name}/media.m3u8${query}`, this.playlist(name, isDelta)];
        this.recorder.add({ url, body });
        this.#nowMs += 2;
        const times = { startedAtMs: this.#nowMs, endedAtMs: this.#nowMs + 1 };
        this.#checker.add({ url, status: 200, body: Buffer.from(body), ...times });
      }
    }
    for (const [name, timeline] of this.stream.renditions) this.#checkIframes(name, timeline);
  }

  #checkIframes(name: string, timeline: RenditionTimeline): void {
    if (name === AUDIO_RENDITION || timeline.newestComplete() === undefined) return;
    const body = Buffer.from(renderIframePlaylist(this.stream, timeline));
    this.#nowMs += 2;
    const times = { startedAtMs: this.#nowMs, endedAtMs: this.#nowMs + 1 };
    this.#checker.add({ url: `/live/id/${name}/iframes.m3u8`, status: 200, body, ...times });
  }

  /** Media times never go back or overlap. Looks at each part once. */
  #checkTimes(name: string): string[] {
    const seen = this.#times.get(name) ?? { times: new MediaTimes(), newest: [-1, -1] as const };
    this.#times.set(name, seen);
    const timeline = this.stream.renditions.get(name);
    return (timeline?.held() ?? []).flatMap(({ msn, epoch, parts }) =>
      parts.flatMap(({ data }, index) => {
        const [newestMsn, newestPart] = seen.newest;
        if (msn < newestMsn || (msn === newestMsn && index <= newestPart)) return [];
        seen.newest = [msn, index];
        return seen.times.add(
          `${name}: part ${index} of ${msn}`,
          timeline?.initSection(epoch) ?? Buffer.alloc(0),
          data,
        );
      }),
    );
  }
}

/** The samples of consecutive fragments, with times in ticks. */
export function readSamples(fragments: Buffer): Sample[] {
  const boxes = new BoxStream().push(Buffer.from(fragments)).filter(({ type }) => type === 'moof' || type === 'mdat');
  const defaults = { durationTicks: 0, sizeBytes: 0, flags: 0 };
  return boxes.flatMap((box, index) => {
    const mdat = boxes[index + 1];
    return box.type === 'moof' && mdat !== undefined ? parseFragment(box, mdat, defaults) : [];
  });
}
