import type { Logger } from 'pino';
import type { BroadcastEndReason } from '#domain/streams.ts';
import type { StreamTrace, TracedPublish, TracedRun, TracedWarning } from '#domain/traces.ts';
import type { FlvTag } from '#encoder/media/flv-tag.ts';
import type { Publisher } from '#encoder/rtmp/publisher.ts';
import type { RunTrace } from '#encoder/transcode/transcoder.ts';
import type { TraceStore } from '#runtime/trace-store.ts';
import { TagRing } from './tag-ring.ts';

const TRACED_MS = 60_000;
/** How much is remembered besides the tags. */
const MAX_PUBLISHES = 10;
const MAX_RUNS = 10;
const MAX_WARNINGS = 50;

export interface FlightRecorderOptions {
  readonly streamId: string;
  readonly traces: Pick<TraceStore, 'put'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** Remembers the last minute of what a stream's publishers sent, and what became of it, so that a report can be understood. */
export class FlightRecorder implements RunTrace {
  readonly #options: FlightRecorderOptions;
  readonly #publishes: TracedPublish[] = [];
  readonly #runs: TracedRun[] = [];
  readonly #warnings: TracedWarning[] = [];
  #tags: TagRing | null = null;

  constructor(options: FlightRecorderOptions) {
    this.#options = options;
  }

  onPublish({ remoteAddress: sourceAddress, software }: Publisher): void {
    const connectedAt = this.#nowText();
    remember(this.#publishes, { connectedAt, leftAt: null, sourceAddress, software, endReason: null }, MAX_PUBLISHES);
  }

  /** Called for each tag, so it costs next to nothing. */
  onTag(tag: FlvTag, receivedAtMs: number): void {
    this.#tags ??= new TagRing();
    this.#tags.add(tag, receivedAtMs);
  }

  onPublisherGone({ remoteAddress }: Publisher, endReason: BroadcastEndReason): void {
    // A stream may have two publishers.
    const isMeant = ({ leftAt, sourceAddress }: TracedPublish) => leftAt === null && sourceAddress === remoteAddress;
    const index = this.#publishes.findLastIndex(isMeant);
    const left = this.#publishes[index];
    if (left !== undefined) this.#publishes[index] = { ...left, leftAt: this.#nowText(), endReason };
    this.#setWarnings([]);
  }

  /** The warnings in the stream's health now. */
  onWarnings(texts: readonly string[]): void {
    this.#setWarnings(texts);
  }

  onRunStart(epoch: number): void {
    const startedAt = this.#nowText();
    const run = { epoch, startedAt, endedAt: null, outcome: null, replacedBecause: null, lastWords: [] };
    remember(this.#runs, run, MAX_RUNS);
  }

  onRunReplaced(epoch: number, replacedBecause: string): void {
    this.#changeRun(epoch, { replacedBecause });
  }

  onRunEnd(epoch: number, outcome: string, lastWords: readonly string[]): void {
    this.#changeRun(epoch, { endedAt: this.#nowText(), outcome, lastWords });
  }

  /** Stores the trace. `requestedAtMs` is the request that it answers. Never rejects. */
  async save(requestedAtMs: number | null): Promise<void> {
    const { traces, log } = this.#options;
    try {
      await traces.put({ trace: this.#trace(), requestedAtMs });
    } catch (error) {
      log.warn({ err: error }, 'trace not stored');
    }
  }

  #trace(): StreamTrace {
    const { streamId, now } = this.#options;
    const nowMs = now();
    return {
      ...{ streamId, recordedAt: new Date(nowMs).toISOString() },
      ...{ publishes: [...this.#publishes], runs: [...this.#runs], warnings: [...this.#warnings] },
      tags: (this.#tags ?? new TagRing()).since(nowMs - TRACED_MS),
    };
  }

  #setWarnings(texts: readonly string[]): void {
    const nowText = this.#nowText();
    const held = this.#warnings.filter(({ until }) => until === null).map(({ text }) => text);
    for (const [index, warning] of this.#warnings.entries())
      if (warning.until === null && !texts.includes(warning.text))
        this.#warnings[index] = { ...warning, until: nowText };
    for (const text of texts)
      if (!held.includes(text)) remember(this.#warnings, { text, since: nowText, until: null }, MAX_WARNINGS);
  }

  #changeRun(epoch: number, changes: Partial<TracedRun>): void {
    const index = this.#runs.findIndex((run) => run.epoch === epoch);
    const run = this.#runs[index];
    if (run !== undefined) this.#runs[index] = { ...run, ...changes };
  }

  #nowText(): string {
    return new Date(this.#options.now()).toISOString();
  }
}

function remember<Entry>(entries: Entry[], entry: Entry, limit: number): void {
  entries.push(entry);
  if (entries.length > limit) entries.shift();
}
