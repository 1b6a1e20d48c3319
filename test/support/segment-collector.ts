import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrameNumbers } from '#kit/frame-counter.ts';
import { parseMediaPlaylist } from '#scripts/check-hls/playlist/media-playlist.ts';

const POLL_MS = 500;
const CLIP_FRAMES_PER_SECOND = 30;

/** What a viewer of a rendition got: media sequence numbers and the frame numbers in the picture, both in order. */
interface CollectedMedia {
  readonly msns: readonly number[];
  readonly frameNumbers: readonly (number | null)[];
}

/** Keeps every segment of a live rendition from now on, like a viewer who never leaves. */
export class SegmentCollector {
  readonly #folderUrl: string;
  readonly #segments = new Map<number, Buffer>();
  #init: Buffer = Buffer.alloc(0);
  readonly #polling: Promise<void>;
  #isStopped = false;

  /** `folderUrl`: of the rendition, without a trailing slash. */
  constructor(folderUrl: string) {
    this.#folderUrl = folderUrl;
    this.#polling = this.#poll();
    // `stop` reports the error. Until then it must not end the process.
    this.#polling.catch(() => undefined);
  }

  /** Segments so far. */
  get count(): number {
    return this.#segments.size;
  }

  /** Stops, and decodes everything. Rejects if a request failed or FFmpeg complains. */
  async stop(): Promise<CollectedMedia> {
    this.#isStopped = true;
    await this.#polling;
    const folder = await mkdtemp(join(tmpdir(), 'headend-segments-'));
    try {
      const path = join(folder, 'media.mp4');
      await writeFile(path, Buffer.concat([this.#init, ...this.#segments.values()]));
      return { msns: [...this.#segments.keys()], frameNumbers: await decodeFrameNumbers(['-i', path]) };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async #poll(): Promise<void> {
    while (!this.#isStopped) {
      const playlist = parseMediaPlaylist((await this.#fetch('media.m3u8')).toString());
      const map = playlist.segments.find((segment) => segment.map !== null)?.map;
      if (map && this.#init.length === 0) this.#init = await this.#fetch(map);
      const fresh = playlist.segments.filter(({ msn, uri }) => uri !== null && !this.#segments.has(msn));
      for (const { msn, uri } of fresh) this.#segments.set(msn, await this.#fetch(uri ?? ''));
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #fetch(name: string): Promise<Buffer> {
    const response = await fetch(`${this.#folderUrl}/${name}`);
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }
}

/** Stops a collector and expects every segment and every frame of a clip of this length, in order. */
export async function expectNoLoss(collector: SegmentCollector, clipSeconds: number): Promise<CollectedMedia> {
  const media = await collector.stop();
  const { msns, frameNumbers } = media;
  const first = frameNumbers[0] ?? 0;
  expect(msns).toEqual(msns.map((_, index) => (msns[0] ?? 0) + index));
  expect(frameNumbers).toEqual(
    frameNumbers.map((_, index) => (first + index) % (clipSeconds * CLIP_FRAMES_PER_SECOND)),
  );
  return media;
}
