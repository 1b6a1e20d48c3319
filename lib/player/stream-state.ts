import type { PlaybackOutcome, PlaybackProgress } from './playback.ts';
import type { ProbeResult } from './probe-result.ts';

/** The state that the viewer sees. It is also `document.body.dataset.state`. */
export type StreamState =
  | 'starting-soon'
  | 'loading'
  | 'playing'
  | 'reconnecting'
  | 'ended'
  | 'expired'
  | 'unsupported';

/** An event that can change the state. `cannot-play`: the browser has no way to play HLS. */
export type StreamEvent = ProbeResult | PlaybackProgress | PlaybackOutcome | 'cannot-play';

/** A state, and the memory that the next state depends on. */
export interface StreamStatus {
  readonly state: StreamState;
  /**
   * Whether this page has shown a moving picture. If so, a stream that is absent has ended. If not, it has yet to
   * begin.
   */
  readonly hasPlayed: boolean;
}

export const INITIAL_STATUS: StreamStatus = { state: 'loading', hasPlayed: false };

/** Headline and second line of each state. They are shown over the picture and read out by screen readers. */
export const STATE_TEXT: Readonly<Record<StreamState, { readonly title: string; readonly detail: string }>> = {
  'starting-soon': { title: 'Starting soon', detail: 'The stream will start here automatically.' },
  loading: { title: 'Loading', detail: '' },
  playing: { title: 'Live', detail: '' },
  reconnecting: { title: 'Reconnecting', detail: 'The picture will return automatically.' },
  ended: { title: 'The stream has ended', detail: 'If it goes live again, it will start here automatically.' },
  expired: {
    title: 'This link has expired',
    detail: 'Or part of it is missing. Please ask for a new link.',
  },
  unsupported: {
    title: 'This browser cannot play the stream',
    detail: 'Please try a current version of Chrome, Edge, Firefox or Safari.',
  },
};

function nextState({ state, hasPlayed }: StreamStatus, event: StreamEvent): StreamState {
  switch (event) {
    case 'live':
      return state === 'starting-soon' || state === 'ended' ? 'loading' : state;
    case 'absent':
      return hasPlayed ? 'ended' : 'starting-soon';
    case 'over':
      return 'ended';
    case 'ended':
    case 'outdated':
      // The next probe tells whether the stream has ended, or only this presentation of it.
      return state;
    case 'unreachable':
    case 'failed':
      return state === 'ended' ? 'ended' : 'reconnecting';
    case 'refused':
      return 'expired';
    case 'starved':
      return state === 'playing' ? 'reconnecting' : state;
    case 'moving':
      return 'playing';
    case 'cannot-play':
      return 'unsupported';
  }
}

/** Returns the status after an event. Pure. Returns the same object if nothing changes. */
export function nextStatus(status: StreamStatus, event: StreamEvent): StreamStatus {
  const state = nextState(status, event);
  const hasPlayed = status.hasPlayed || event === 'moving';
  return state === status.state && hasPlayed === status.hasPlayed ? status : { state, hasPlayed };
}
