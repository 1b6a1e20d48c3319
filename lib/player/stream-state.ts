/** What a viewer is told; also `document.body.dataset.state`. */
export type StreamState =
  | 'starting-soon'
  | 'loading'
  | 'playing'
  | 'reconnecting'
  | 'ended'
  | 'expired'
  | 'unsupported';

/** What happened: the first five are a probe's findings, the rest come from the playback. */
export type StreamEvent =
  | 'live'
  | 'absent'
  | 'over'
  | 'refused'
  | 'unreachable'
  | 'moving'
  | 'starved'
  | 'ended'
  | 'failed'
  | 'cannot-play';

/** A state and what decides about the next one. */
export interface StreamStatus {
  readonly state: StreamState;
  /** Whether this page has shown a moving picture: a stream that vanishes then has ended rather than not begun. */
  readonly hasPlayed: boolean;
}

export const INITIAL_STATUS: StreamStatus = { state: 'loading', hasPlayed: false };

/** Headline and second line of each state; shown over the picture and read out by screen readers. */
export const STATE_TEXT: Readonly<Record<StreamState, { readonly title: string; readonly detail: string }>> = {
  'starting-soon': { title: 'Starting soon', detail: 'The stream begins here by itself.' },
  loading: { title: 'Loading', detail: '' },
  playing: { title: 'Live', detail: '' },
  reconnecting: { title: 'Reconnecting', detail: 'The picture comes back by itself.' },
  ended: { title: 'The stream has ended', detail: 'If it goes live again, it begins here by itself.' },
  expired: {
    title: 'This link has expired',
    detail: 'Or it was copied without its end. Please ask for a new one.',
  },
  unsupported: {
    title: 'This browser cannot play the stream',
    detail: 'Please try a current Chrome, Edge, Firefox or Safari.',
  },
};

function nextState({ state, hasPlayed }: StreamStatus, event: StreamEvent): StreamState {
  switch (event) {
    case 'live':
      return state === 'starting-soon' || state === 'ended' ? 'loading' : state;
    case 'absent':
      return hasPlayed ? 'ended' : 'starting-soon';
    case 'over':
    case 'ended':
      return 'ended';
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

/** The status after an event. Pure; the same object comes back where nothing changes. */
export function nextStatus(status: StreamStatus, event: StreamEvent): StreamStatus {
  const state = nextState(status, event);
  const hasPlayed = status.hasPlayed || event === 'moving';
  return state === status.state && hasPlayed === status.hasPlayed ? status : { state, hasPlayed };
}
