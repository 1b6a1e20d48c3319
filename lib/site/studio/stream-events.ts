import type { TimelineEvent } from '#domain/events.ts';

/** An event of a stream as the API shows it. */
export type StudioEvent = TimelineEvent;

/** A publish that was refused. */
export type RefusedAttempt = Extract<StudioEvent, { readonly type: 'stream.refused' }>;

/** How a timeline marks an event. */
export type EventTone = 'good' | 'neutral' | 'warn' | 'bad';

const TONES: Readonly<Record<StudioEvent['type'], EventTone>> = {
  'stream.live': 'good',
  'stream.ended': 'neutral',
  'stream.refused': 'bad',
  'stream.contested': 'bad',
  'stream.publish-ended': 'bad',
  'stream.failover': 'warn',
  'stream.quality-changed': 'warn',
  'encoder.restarted': 'warn',
  'stream.changed': 'neutral',
  'stream.preview-started': 'neutral',
  'stream.preview-ended': 'neutral',
};

/** An event of a type that this page does not know is neutral. */
export const toneOf = ({ type }: StudioEvent): EventTone => TONES[type] ?? 'neutral';
