import { randomBytes } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { generateSecret } from '#domain/stream-ids.ts';
import type { NetworkReach } from '#scripts/local/network-reach.ts';
import { welcome } from '#scripts/local/welcome.ts';

const streamKey = generateSecret(randomBytes);
const STREAM = { id: 'id', playbackId: 'public', streamKey };
const PLATFORM = {
  rtmpUrl: 'rtmp://127.0.0.1:1935/live',
  playbackBaseUrl: 'http://127.0.0.1:8080',
  adminToken: 'token',
  studioUrl: 'http://127.0.0.1:8080/studio/#invite=once',
  demoStream: null,
  logPath: null,
  taskLogPaths: [],
};

test('says where to publish with which key, and where to watch', () => {
  const text = welcome({ ...PLATFORM, stream: STREAM });
  expect(text).toContain(`Stream Key  ${streamKey}\n`);
  expect(text).toContain(`rtmp://127.0.0.1:1935/live/${streamKey}\n`);
  expect(text).toContain('http://127.0.0.1:8080/watch/public\n');
  expect(text).not.toContain('WARNING');
});

test('names the studio first', () => {
  const [, first] = /(http\S+)/.exec(welcome({ ...PLATFORM, stream: STREAM })) ?? [];
  expect(first).toBe(PLATFORM.studioUrl);
});

test('with a demo, says where that is shown, and still where to publish and with which key', () => {
  const demoStream = { id: 'demo', playbackId: 'demo-public', streamKey: generateSecret(randomBytes) };
  const text = welcome({ ...PLATFORM, stream: STREAM, demoStream });
  expect(text).toContain('http://127.0.0.1:8080/watch/demo-public\n');
  expect(text).toContain(`Stream Key  ${streamKey}\n`);
  expect(text).toContain('http://127.0.0.1:8080/watch/public\n');
  // Whoever published with the demo's key would fight with the demo.
  expect(text).not.toContain(demoStream.streamKey);
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

describe('in a network', () => {
  const reach: NetworkReach = {
    listenHosts: ['0.0.0.0'],
    address: '192.0.2.7',
    otherAddresses: ['198.51.100.3'],
    isOpen: true,
  };
  const platform = { ...PLATFORM, stream: STREAM, reach, playbackBaseUrl: 'http://192.0.2.7:8080' };

  test('warns of what is open, and says under which addresses', () => {
    const text = welcome(platform);
    expect(text).toMatch(/WARNING: .*everybody in this network .*192\.0\.2\.7, and as 198\.51\.100\.3/);
    expect(text).toContain('publish with a stream key, and use the control API with a token');
  });

  test('has a QR code of the watch page, also with the colours of a terminal', () => {
    const plain = welcome(platform).split('\n');
    const code = plain.filter((line) => /^ {2}[█▀▄ ]{29,}$/.test(line));
    // Half as many lines as columns, and as many columns as a code of this length has.
    expect(code.length).toBeGreaterThan(14);
    expect(new Set(code.map((line) => line.length)).size).toBe(1);
    expect(plain).toContain('  http://192.0.2.7:8080/watch/public');
    const coloured = welcome({ ...platform, isTerminal: true });
    expect(coloured).toContain('\u001b[97;40m█');
    expect(stripVTControlCharacters(coloured).split('\n')).toEqual(plain);
  });

  test('with a backend, leads a phone to the home page', () => {
    expect(welcome({ ...platform, stream: null })).toContain('  http://192.0.2.7:8080/\n');
  });
});
