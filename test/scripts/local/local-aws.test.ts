import { readPublishMode } from '#scripts/local/local-aws.ts';

const BACKEND = { WEBHOOK_URL: 'http://127.0.0.1:3000/publish', WEBHOOK_SECRET: 'of at least 32 characters, as told' };

test.each([
  [{}, 'keys'],
  [{ PUBLISH_MODE: '' }, 'keys'],
  [{ PUBLISH_MODE: 'keys', ...BACKEND }, 'keys'],
  [{ PUBLISH_MODE: 'webhook', ...BACKEND }, 'webhook'],
])('%j means %s', (environment, mode) => {
  expect(readPublishMode(environment)).toBe(mode);
});

test.each([
  [{ PUBLISH_MODE: 'both' }, /^PUBLISH_MODE must be one of keys, webhook, not "both"\.$/],
  [{ PUBLISH_MODE: 'webhook' }, /^PUBLISH_MODE=webhook needs WEBHOOK_URL and WEBHOOK_SECRET\.$/],
  [{ PUBLISH_MODE: 'webhook', WEBHOOK_URL: BACKEND.WEBHOOK_URL }, /needs WEBHOOK_URL and WEBHOOK_SECRET/],
])('%j is refused', (environment, message) => {
  expect(() => readPublishMode(environment)).toThrow(message);
});
