import type { StreamBody } from '#functions/control-api/schemas.ts';
import { text } from './text.ts';

/** A stream as the API shows it. */
export type StudioStream = StreamBody;

/** What a stream is doing, from the point of view of its broadcaster. */
export type StreamActivity =
  /** Viewers can watch. */
  | 'live'
  /** Somebody sends, and only the studio shows it. */
  | 'preview'
  /** Viewers wait for the broadcaster to come back. */
  | 'away'
  /** Nobody sends yet, and the word has been given. */
  | 'ready'
  | 'idle';

export function activityOf({ autoStart, onAir, publisher }: StudioStream): StreamActivity {
  if (publisher.state === 'away') return onAir ? 'away' : 'idle';
  if (publisher.state === 'connected') return onAir ? 'live' : 'preview';
  return !autoStart && onAir ? 'ready' : 'idle';
}

/** How each activity looks, and what it is called. */
export const ACTIVITIES: Readonly<Record<StreamActivity, { readonly chip: string; readonly name: string }>> = {
  live: { chip: 'chip live', name: text.state.live },
  preview: { chip: 'chip accent', name: text.state.preview },
  away: { chip: 'chip warn', name: text.state.away },
  ready: { chip: 'chip accent', name: text.state.ready },
  idle: { chip: 'chip', name: text.state.idle },
};

/** Those that somebody publishes come first, the one that began last before the others. */
export function sortStreams(streams: readonly StudioStream[]): readonly StudioStream[] {
  return streams.toSorted((a, b) => {
    const [aRank, bRank] = [rankOf(a), rankOf(b)];
    if (aRank !== bRank) return aRank - bRank;
    if (aRank < 2) return (b.startedAt ?? '').localeCompare(a.startedAt ?? '');
    return a.title.localeCompare(b.title, text.locale) || a.id.localeCompare(b.id);
  });
}

const rankOf = (stream: StudioStream): number =>
  ['live', 'away', 'preview', 'ready', 'idle'].indexOf(activityOf(stream));

/** Whether a stream has every word of a search in its title, category, owner or id. */
export function matches({ title, category, owner, id }: StudioStream, search: string): boolean {
  const searched = [title, category ?? '', owner?.name ?? '', id].join('\n').toLocaleLowerCase(text.locale);
  const words = search.toLocaleLowerCase(text.locale).split(/\s+/);
  return words.every((word) => searched.includes(word));
}
