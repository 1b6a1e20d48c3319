import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import type { PlaybackOutcome, PlaybackProgress } from './playback.ts';

/** The state that the viewer sees. It is also `document.body.dataset.state`. */
export type StreamState =
  | 'starting-soon'
  | 'loading'
  | 'blocked'
  | 'playing'
  | 'buffering'
  | 'reconnecting'
  | 'offline'
  | 'unreachable'
  | 'publisher-lost'
  | 'publisher-stopped'
  | 'ended'
  | 'expired'
  | 'unknown'
  | 'unsupported';

/**
 * An event that can change the state. An object is an answer of status.json. `unreachable`: there was no answer.
 * `refused`: the viewer token is missing, has expired or belongs to another stream. `still`: the picture has just
 * stopped. `blocked`: the browser starts no playback without a tap. `paused`, `resumed`: of the video, by whoever.
 * `cannot-play`: the browser has no way to play HLS, or none of the codecs.
 */
export type StreamEvent =
  | PlaybackStatusBody
  | PlaybackProgress
  | PlaybackOutcome
  | 'unreachable'
  | 'refused'
  | 'still'
  | 'paused'
  | 'resumed'
  | 'online'
  | 'offline';

/**
 * The picture of the broadcast: not shown yet, moving, still for a moment, still for seconds, or at its end: with the
 * playlists, or because playback failed.
 */
type PicturePhase = 'none' | 'moving' | 'still' | 'starved' | 'finished' | 'failed';

/** What the page knows. The state follows from it. */
interface StreamFacts {
  /** The last answer of status.json. */
  readonly body: PlaybackStatusBody | null;
  /** Why the publisher is away from a stream that goes on without it, or was when the stream ended. */
  readonly absence: 'publisher-lost' | 'publisher-stopped' | null;
  readonly answer: 'given' | 'unreachable' | 'refused';
  readonly isOnline: boolean;
  readonly picture: PicturePhase;
  readonly isBlocked: boolean;
  readonly isPaused: boolean;
  /** Whether this page has shown a moving picture. If so, a stream that is idle has ended. If not, it has yet to begin. */
  readonly hasPlayed: boolean;
  readonly canPlay: boolean;
}

/** A state, and the memory that the next state depends on. */
export interface StreamStatus extends StreamFacts {
  readonly state: StreamState;
}

export const INITIAL_STATUS: StreamStatus = {
  state: 'loading',
  body: null,
  absence: null,
  answer: 'given',
  isOnline: true,
  picture: 'none',
  isBlocked: false,
  isPaused: false,
  hasPlayed: false,
  canPlay: true,
};

/** Returns the status after an event. Pure. Returns the same object if nothing changes. */
export function nextStatus(status: StreamStatus, event: StreamEvent): StreamStatus {
  const facts = { ...status, ...changeOf(status, event) };
  const state = stateOf(facts);
  // The next broadcast has its own picture. But a paused one may still go on to its end.
  const isPictureOver = state === 'ended' && !(facts.isPaused && facts.picture === 'moving');
  const next: StreamStatus = { ...facts, state, picture: isPictureOver ? 'none' : facts.picture };
  const isChanged = (Object.keys(next) as (keyof StreamStatus)[]).some((key) => next[key] !== status[key]);
  return isChanged ? next : status;
}

function changeOf({ body, absence, picture }: StreamFacts, event: StreamEvent): Partial<StreamFacts> {
  if (typeof event === 'object') {
    // The server forgets what has ended, but this page does not.
    const isForgotten = event.status === 'idle' && body?.status === 'ended';
    return {
      body: isForgotten ? body : event,
      absence: event.status === 'live' ? absenceOf(event) : absence,
      answer: 'given',
    };
  }
  switch (event) {
    case 'unreachable':
    case 'refused':
      return { answer: event };
    case 'online':
    case 'offline':
      return { isOnline: event === 'online' };
    case 'blocked':
      return { isBlocked: true };
    case 'paused':
      return { isPaused: true };
    case 'resumed':
      // A browser that starts no playback reports none.
      return { isPaused: false, isBlocked: false };
    case 'cannot-play':
      return { canPlay: false };
    case 'moving':
      return { picture: 'moving', isBlocked: false, hasPlayed: true };
    case 'outdated':
    case 'still':
      return picture === 'moving' ? { picture: 'still' } : {};
    case 'starved':
      return picture === 'moving' || picture === 'still' ? { picture: 'starved' } : {};
    case 'ended':
      return picture === 'none' ? {} : { picture: 'finished' };
    case 'failed':
      return picture === 'none' ? {} : { picture: 'failed' };
  }
}

function stateOf(facts: StreamFacts): StreamState {
  const { body, answer, picture } = facts;
  if (!facts.canPlay) return 'unsupported';
  if (answer === 'refused') return 'expired';
  const isOver = body?.status === 'ended' || (body?.status === 'idle' && facts.hasPlayed);
  const isUnknown = body?.status === 'unknown';
  // A paused picture does not reach the end by itself.
  if (facts.isPaused && (isOver || isUnknown)) return isOver ? 'ended' : 'unknown';
  // While the picture moves, there is nothing to say about the network, and the end is not reached. After an absence, what is
  // left to play is not live.
  if (picture === 'moving') return facts.absence ?? 'playing';
  if (isUnknown) return 'unknown';
  // The last seconds may still come, so a picture that stands for a moment has not ended.
  if (isOver && picture !== 'still') return 'ended';
  if (!facts.isOnline) return 'offline';
  if (answer === 'unreachable') return 'unreachable';
  if (body?.status === 'idle' && !facts.hasPlayed) return 'starting-soon';
  if (facts.isBlocked) return 'blocked';
  return facts.absence ?? STATE_OF_PICTURE[picture];
}

const STATE_OF_PICTURE = {
  none: 'loading',
  still: 'buffering',
  starved: 'reconnecting',
  // Whether the stream has ended, or only this presentation of it, is about to be known.
  finished: 'buffering',
  failed: 'reconnecting',
} as const satisfies Record<Exclude<PicturePhase, 'moving'>, StreamState>;

function absenceOf({ reason }: PlaybackStatusBody): StreamFacts['absence'] {
  return reason === 'publisher-lost' || reason === 'publisher-stopped' ? reason : null;
}
