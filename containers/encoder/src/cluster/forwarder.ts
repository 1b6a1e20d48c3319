import { setTimeout as pause } from 'node:timers/promises';
import { LATENCY_PROFILES } from '#domain/latency-profiles.ts';
import type { HeldStream } from '#domain/streams.ts';
import { type OriginRequest, statusResponse } from '#encoder/origin/origin-handler.ts';
import {
  type AnyResponse,
  errorResponse,
  type ForwardedResponse,
  NOT_FOUND,
  NOT_IN_TIME,
  type OriginResponse,
} from '#encoder/origin/origin-response.ts';
import type { StatusTarget, StreamTarget } from '#encoder/origin/request-target.ts';
import type { StatusWaits } from '#encoder/origin/status-waits.ts';
import { BLOCK_TARGET_DURATIONS } from '#encoder/origin/until-ready.ts';
import { isStoreUnavailable } from '#runtime/store-unavailable.ts';
import { type AnswerClient, TaskBusyError } from './answers/answer-client.ts';
import { changedStatus } from './changed-status.ts';
import { lastStatus, unheldStatus } from './last-status.ts';
import { type OwnerDirectory, UNKNOWN_MS } from './owner-directory.ts';
import { OWNER_CHANGED, watchOwner } from './owner-watch.ts';
import { epochOf, passedHeaders, toForwarded } from './passed-headers.ts';
import { SilentHolders } from './silent-holders.ts';
import type { StreamCatalogue } from './stream-catalogue.ts';
import { TaskUnreachableError } from './task-client.ts';

/** The task does not hold the stream (RFC 9110 15.5.20). */
export const MISDIRECTED_STATUS = 421;

/** How often a request that waits for another owner looks for one. */
const OWNER_POLL_MS = 250;
/** A request that does not wait for the stream is answered within milliseconds. */
const PROMPT_ANSWER_MS = 1_500;
/** After so long, a request for a status waits for no other task. That one waits 10 s, and pages wait 15 s in all. */
const MAX_WAITED_MS = 3_000;

const UNAVAILABLE = errorResponse(503, 'the stream can not be found now', { 'retry-after': '1' });
const BUSY = errorResponse(503, 'too many requests wait for the stream', { 'retry-after': '1' });

export interface ForwarderOptions {
  readonly taskId: string;
  readonly directory: OwnerDirectory;
  /** Null if another backend knows the streams. */
  readonly catalogue: StreamCatalogue | null;
  readonly client: AnswerClient;
  /**
   * Looks after a stream whose holder does not answer. Resolves to true if this task holds it now, because the stream has ended.
   */
  readonly settleAbandoned: (held: HeldStream) => Promise<boolean>;
  /** Answers for a stream that this task holds now. */
  readonly answerHere: (request: OriginRequest) => Promise<AnyResponse>;
  /** Whether this task holds a stream. */
  readonly isHere: (playbackId: string) => boolean;
  readonly statusWaits: StatusWaits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Answers for the streams of other tasks with what those answer. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  /** Requests whose stream came to this task while they looked for it. Each goes back once, so that none goes round in circles. */
  readonly #sentBack = new WeakSet<OriginRequest>();
  readonly #silent = new SilentHolders(() => performance.now());

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  async answer(target: StreamTarget, request: OriginRequest): Promise<AnyResponse> {
    if (!isWaiting(target)) return this.#answerNow(target, request);
    const { statusWaits, isHere, answerHere, directory } = this.#options;
    return changedStatus(target, target.after, request, {
      waits: statusWaits,
      isHere: () => isHere(target.playbackId) && !this.#sentBack.has(request),
      isHeld: () => directory.isHeld(target.playbackId),
      answerHere: () => {
        this.#sentBack.add(request);
        return answerHere(request);
      },
      answerElsewhere: () => this.#answerNow(target, request),
    });
  }

  async #answerNow(target: StreamTarget, request: OriginRequest): Promise<AnyResponse> {
    const { directory, answerHere } = this.#options;
    const { playbackId } = target;
    // A page hears from another task that the stream has begun, and asks this one for its files at once.
    const mayBeOld = target.kind !== 'status' && directory.remembersNobody(playbackId);
    try {
      let held = await directory.find(playbackId);
      if (held === null && mayBeOld && (await this.#nextLook(playbackId, request))) {
        if (this.#mayAnswerHere(playbackId, request)) return await answerHere(request);
        held = await directory.find(playbackId);
      }
      return held === null ? await this.#unheld(target) : await this.#answerFor(held, target, request);
    } catch (error) {
      if (request.signal.aborted) return NOT_IN_TIME;
      // Not a 404: players give up after that, and a page would say that the stream is idle.
      if (isStoreUnavailable(error)) return UNAVAILABLE;
      if (error instanceof TaskBusyError) return BUSY;
      throw error;
    }
  }

  /**
   * Waits until the directory looks up again who holds a stream. Resolves to false if too many wait for streams that nobody
   * holds: strangers make ids up.
   */
  #nextLook(playbackId: string, { signal }: OriginRequest): Promise<boolean> {
    const { statusWaits, directory, isHere } = this.#options;
    const wait = { playbackId, isHeld: false, timeoutMs: 2 * UNKNOWN_MS, signal };
    return statusWaits.until(wait, () => isHere(playbackId) || !directory.remembersNobody(playbackId));
  }

  /** Whether this task holds the stream by now. Says so once for a request. */
  #mayAnswerHere(playbackId: string, request: OriginRequest): boolean {
    if (!this.#options.isHere(playbackId) || this.#sentBack.has(request)) return false;
    this.#sentBack.add(request);
    return true;
  }

  /** Asks the holder, and whoever holds the stream after it, until there is an answer or the time for one is over. */
  async #answerFor(first: HeldStream, target: StreamTarget, request: OriginRequest): Promise<AnyResponse> {
    const { taskId, directory, settleAbandoned, answerHere } = this.#options;
    const deadlineMs = performance.now() + blockLimitMs(first);
    let held = first;
    for (;;) {
      if (held.holder.taskId === taskId && !this.#sentBack.has(request)) {
        this.#sentBack.add(request);
        return answerHere(request);
      }
      if (isWaiting(target) && this.#silent.isSilent(target.playbackId, held.epoch))
        return statusResponse(target, await lastStatus(held, target.playbackId, this.#options));
      const answer = await this.#ask(held, target, request);
      if (answer !== null) {
        this.#silent.onAnswer(target.playbackId);
        return answer;
      }
      this.#silent.onSilence(target.playbackId, held.epoch);
      const latest = await directory.refresh(target.playbackId);
      if (latest === null) return this.#unheld(target);
      const hasChanged = latest.epoch !== held.epoch;
      held = latest;
      if (hasChanged) continue;
      if (await settleAbandoned(held)) return answerHere(request);
      if (target.kind === 'status')
        return statusResponse(target, await lastStatus(held, target.playbackId, this.#options));
      // Media of a task that does not answer is lost with it, or comes back with it. A playlist can come from another task.
      if (isOfHolder(target) || performance.now() >= deadlineMs) return NOT_IN_TIME;
      await pause(OWNER_POLL_MS, undefined, { signal: request.signal });
    }
  }

  /** No task holds the stream, so that it has only a status. */
  async #unheld(target: StreamTarget): Promise<OriginResponse> {
    return target.kind === 'status'
      ? statusResponse(target, await unheldStatus(target.playbackId, this.#options))
      : NOT_FOUND;
  }

  /** Null if the task does not answer, or does not hold the stream. */
  async #ask(held: HeldStream, target: StreamTarget, request: OriginRequest): Promise<ForwardedResponse | null> {
    const { taskId, client } = this.#options;
    if (held.holder.taskId === taskId) return null;
    const { closed } = this.#options.statusWaits;
    const isWait = isWaiting(target) && !closed.aborted && !this.#hasWaited(request);
    // Any other request is answered before the stream could have changed its owner.
    const watch = mayBlock(target)
      ? watchOwner(this.#options.directory, held, target.playbackId, request.signal)
      : null;
    const signal = watch?.signal ?? request.signal;
    const waitLimitMs = isWait ? this.#options.statusWaits.limitMs : blockLimitMs(held);
    try {
      const answer = await client.ask(held.holder.address, {
        ...{ method: request.method, path: askedPath(target, request, isWait) },
        ...{ headers: passedHeaders(request, held.epoch), signal: isWait ? AbortSignal.any([signal, closed]) : signal },
        answerLimitMs: (watch === null ? 0 : waitLimitMs) + PROMPT_ANSWER_MS,
      });
      if (answer.status !== MISDIRECTED_STATUS && epochOf(answer) >= held.epoch) return toForwarded(answer);
      answer.body.destroy();
      return null;
    } catch (error) {
      if (error instanceof TaskUnreachableError || signal.reason === OWNER_CHANGED) return null;
      // This task goes away, so nobody waits here any more.
      if (isWait && closed.aborted && !signal.aborted) return this.#ask(held, target, request);
      throw error;
    } finally {
      watch?.stop();
    }
  }

  /** Whether a request has waited for so long that the whole wait of another task is too much. */
  #hasWaited(request: OriginRequest): boolean {
    const { statusWaits } = this.#options;
    return statusWaits.limitMs - statusWaits.remainingMs(request) > MAX_WAITED_MS;
  }
}

const isWaiting = (target: StreamTarget): target is StatusTarget & { readonly after: string } =>
  target.kind === 'status' && target.after !== null;
/** What only the task has that made it. */
const isOfHolder = ({ kind }: StreamTarget): boolean =>
  kind === 'init' || kind === 'segment' || kind === 'part' || kind === 'stream-health' || kind === 'poster';
/** Media that was announced is waited for as a playlist is. The first playlist of a takeover is, too. A poster has to be made. */
const mayBlock = ({ kind }: StreamTarget): boolean => kind !== 'init' && kind !== 'stream-health';

/** Without its query, a request for a status waits for nothing. */
const askedPath = ({ kind }: StreamTarget, { url }: OriginRequest, isWait: boolean): string =>
  kind === 'status' && !isWait ? (url.split('?', 1)[0] ?? url) : url;

function blockLimitMs({ broadcast }: HeldStream): number {
  const { segmentSeconds } = LATENCY_PROFILES[broadcast?.sequence.latency ?? 'standard'];
  return BLOCK_TARGET_DURATIONS * segmentSeconds * 1000;
}
