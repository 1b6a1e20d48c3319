import { createLogSink } from '#encoder/telemetry/log-sink.ts';
import { createLogger } from '#runtime/log.ts';

test.each(['debug', 'warn', 'fatal'])('one JSON line an event, also at level %s', (level) => {
  const lines: string[] = [];
  const log = createLogger({ service: 'encoder', level, destination: { write: (line) => lines.push(line) } });
  const event = {
    type: 'stream.live',
    id: 'e',
    time: '2026-11-20T19:30:00.000Z',
    streamId: 's',
    playbackId: 'p',
  } as const;
  createLogSink(log).publish(event);
  log.debug('the level of other lines stays');
  expect(lines).toHaveLength(level === 'debug' ? 2 : 1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ service: 'encoder', msg: 'stream.live', event });
});
