import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { parseWebhookUrl, requireLongSecret } from '#functions/ingest-auth/webhook-settings.ts';

test.each([
  'https://backend.example.com/publish?a=b',
  'https://198.51.100.7:8443/',
  'http://127.0.0.1:8080/publish',
  'http://127.1.2.3/',
  'http://localhost:8080/publish',
  'http://[::1]:8080/publish',
])('%s is taken', (url) => {
  expect(parseWebhookUrl(url)).toEqual(new URL(url));
});

test.each([
  '',
  'backend.example.com/publish',
  '/publish',
  'http://backend.example.com/publish',
  'http://198.51.100.7/',
  'http://127.0.0.1.example.com/',
  'http://localhost.example.com/',
  'ftp://127.0.0.1/',
  'file:///etc/passwd',
  'https://user@backend.example.com/',
  'https://:password@backend.example.com/',
  'https://backend.example.com/#fragment',
])('%s is refused', (url) => {
  expect(() => parseWebhookUrl(url)).toThrow(/^WEBHOOK_URL must /);
});

test('a secret that could be guessed is refused, without being shown', () => {
  const secret = generateSecret(randomBytes);
  expect(requireLongSecret(secret, 'It')).toBe(secret);
  const short = secret.slice(1);
  expect(() => requireLongSecret(short, 'It')).toThrow('It must have at least 32 characters');
  expect(() => requireLongSecret(short, 'It')).not.toThrow(short);
});
