import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { welcome } from '#scripts/local/welcome.ts';

const streamKey = generateSecret(randomBytes);
const PLATFORM = {
  rtmpUrl: 'rtmp://127.0.0.1:1935/live',
  playbackBaseUrl: 'http://127.0.0.1:8080',
  adminToken: 'token',
  isDemo: false,
  logPath: null,
  taskLogPaths: [],
};

test('says where to publish with which key, and where to watch', () => {
  const text = welcome({ ...PLATFORM, stream: { id: 'id', playbackId: 'public', streamKey } });
  expect(text).toContain(`Stream Key  ${streamKey}\n`);
  expect(text).toContain(`rtmp://127.0.0.1:1935/live/${streamKey}\n`);
  expect(text).toContain('http://127.0.0.1:8080/watch/public\n');
});

test('after a rotation, says that the owner has the key and how to get a new one', () => {
  const text = welcome({ ...PLATFORM, stream: { id: 'id', playbackId: 'public', streamKey: null } });
  expect(text).toContain('Stream Key  the one you got when you rotated it');
  expect(text).toContain('npm run stream -- rotate-key id');
  expect(text).toContain('http://127.0.0.1:8080/watch/public\n');
  expect(text).not.toContain('null');
});

test('shows neither key nor stream if a backend manages the streams', () => {
  const text = welcome({ ...PLATFORM, stream: null });
  expect(text).toContain('Stream Key  one that your backend allows');
  expect(text).toContain('http://127.0.0.1:8080/watch/PLAYBACK_ID');
  expect(text).not.toContain('null');
});

test('says where the logs are', () => {
  const text = welcome({
    ...PLATFORM,
    stream: null,
    logPath: 'd/headend.log',
    taskLogPaths: ['d/one.log', 'd/two.log'],
  });
  expect(text).toContain('  Log          d/headend.log\n  Encoder 1    d/one.log\n  Encoder 2    d/two.log\n');
});
