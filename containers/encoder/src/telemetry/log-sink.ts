import type { Logger } from 'pino';
import type { EventSink } from '#domain/events.ts';

/** One log line an event, whatever the level of the other lines is. */
export function createLogSink(log: Logger): EventSink {
  const eventLog = log.child({}, { level: 'info' });
  return { publish: (event) => eventLog.info({ event }, event.type) };
}
