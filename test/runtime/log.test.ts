import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { createLogger } from '#runtime/log.ts';

function loggerWithLines(level: string) {
  const lines: string[] = [];
  const log = createLogger({ service: 'some-service', level, destination: { write: (line) => lines.push(line) } });
  return { log, lines };
}

test('an entry is one line of JSON with the time, level and service', () => {
  const { log, lines } = loggerWithLines('info');
  log.info({ streamId: 'abc' }, 'hello');
  log.debug('below the level');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      service: 'some-service',
      streamId: 'abc',
      msg: 'hello',
    },
  ]);
});

test.each([
  ['streamKey', (secret: string) => ({ streamKey: secret })],
  ['a key in a request', (secret: string) => ({ request: { streamKey: secret } })],
  ['key', (secret: string) => ({ key: secret })],
  ['token', (secret: string) => ({ viewer: { token: secret } })],
  ['adminToken', (secret: string) => ({ adminToken: secret })],
  ['an authorization header', (secret: string) => ({ request: { headers: { authorization: `Bearer ${secret}` } } })],
  ['an Authorization header', (secret: string) => ({ headers: { Authorization: `Bearer ${secret}` } })],
])('%s is redacted', (_name, fields) => {
  const secret = generateSecret(randomBytes);
  const { log, lines } = loggerWithLines('info');
  log.info({ ...fields(secret), kept: 'yes' });
  expect(lines.join()).not.toContain(secret);
  expect(lines.join()).toContain('[redacted]');
  expect(lines.join()).toContain('"kept":"yes"');
});

test('an unknown level is refused', () => {
  expect(() => loggerWithLines('loud')).toThrow('loud');
});
