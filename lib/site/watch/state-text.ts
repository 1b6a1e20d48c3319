import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import type { StreamState, StreamStatus } from './stream-state.ts';

/** What the page says about a state. */
export interface StateText {
  readonly title: string;
  readonly detail: string;
  /** One or two words beside the title of the stream. Empty if there is nothing to add. */
  readonly chip: string;
}

/** Screen readers read out the title and the detail, sighted viewers see them where the picture does not say enough. */
const TEXTS: Readonly<Record<StreamState, StateText>> = {
  'starting-soon': {
    title: 'Starting soon',
    detail: 'Waiting for the broadcast. It will start here automatically.',
    chip: 'Starting soon',
  },
  loading: { title: 'Loading', detail: '', chip: 'Connecting' },
  blocked: { title: 'Ready to play', detail: 'Press play to watch.', chip: 'Ready' },
  playing: { title: 'Live', detail: '', chip: 'Live now' },
  // A pause of a moment is not read out.
  buffering: { title: 'Live', detail: '', chip: 'Buffering' },
  reconnecting: { title: 'Reconnecting', detail: 'The picture will return automatically.', chip: 'Reconnecting' },
  offline: { title: 'You are offline', detail: 'The stream will return with your connection.', chip: 'Offline' },
  unreachable: {
    title: 'The server cannot be reached',
    detail: 'Trying again. The stream will return automatically.',
    chip: 'Reconnecting',
  },
  'publisher-lost': {
    title: 'The broadcaster’s connection was lost',
    detail: 'Waiting for them to come back.',
    chip: 'Interrupted',
  },
  'publisher-stopped': {
    title: 'The broadcaster has stopped',
    detail: 'Waiting for them to come back.',
    chip: 'Interrupted',
  },
  ended: { title: 'The stream has ended', detail: 'If it goes live again, it will start here.', chip: 'Ended' },
  expired: {
    title: 'This link has expired',
    detail: 'Or part of it is missing. Please ask for a new link.',
    chip: '',
  },
  unknown: {
    title: 'No such stream',
    detail: 'Please check the address. It may be mistyped, or the stream may have been removed.',
    chip: '',
  },
  unsupported: {
    title: 'This browser cannot play the stream',
    detail: 'Please try a current version of Chrome, Edge, Firefox or Safari.',
    chip: '',
  },
};

/** Returns the words for a status. */
export function textOf({ state, body }: StreamStatus): StateText {
  const text = TEXTS[state];
  const isAbsent = state === 'publisher-lost' || state === 'publisher-stopped';
  // The last of the slate still plays, but nobody is waited for.
  if (isAbsent && body?.status !== 'live') return { ...text, detail: '' };
  const lasted = state === 'ended' ? durationOf(body) : null;
  return lasted === null ? text : { ...text, detail: `It lasted ${lasted}. ${text.detail}` };
}

/** Null if status.json does not say when the broadcast began and ended. */
function durationOf(body: PlaybackStatusBody | null): string | null {
  const { startedAt, endedAt } = body ?? {};
  const milliseconds = Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '');
  return milliseconds >= 0 ? formatDuration(milliseconds / 1000) : null;
}

/** For example "1 h 2 min", "2 min" or "40 s". */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** For example "1:03" or "1:02:03". */
export function formatClock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [first, ...rest] = parts[0] === 0 ? parts.slice(1) : parts;
  return [first, ...rest.map((part) => `${part}`.padStart(2, '0'))].join(':');
}
