import { parseEdgeOptions } from '#scripts/local/edge-options.ts';
import { UserError } from '#scripts/terminal/errors.ts';

test('by default, everything listens on loopback only', () => {
  expect(parseEdgeOptions([])).toEqual({
    listenHost: '127.0.0.1',
    httpPort: 8080,
    lambdaPort: 9001,
    eventsPort: 9002,
    dynamoDbPort: 8000,
    hostName: null,
    originUrl: 'http://127.0.0.1:8081',
    rtmpUrl: 'rtmp://127.0.0.1:1935/live',
    playbackBaseUrl: 'http://127.0.0.1:8080',
    dataDir: '.headend',
  });
});

test('the playback address is that of the HTTP port unless another is given', () => {
  expect(parseEdgeOptions(['--http-port=80']).playbackBaseUrl).toBe('http://127.0.0.1:80');
  const args = ['--http-port=80', '--playback-base-url=https://live.example.com/'];
  expect(parseEdgeOptions(args).playbackBaseUrl).toBe('https://live.example.com');
});

test.each([
  ['an unknown option', '--htp-port=1', /--htp-port.*Options:/s],
  ['a port that other programs cannot know', '--lambda-port=0', /^--lambda-port 0 is not a port; 1 to 65535/],
  ['a host name to listen on', '--listen-host=localhost', /^--listen-host localhost is not an IPv4 address/],
  [
    'a name that somebody on the internet may have',
    '--host-name=evil.example',
    /^--host-name evil.example is not a name/,
  ],
  ['an address without a scheme', '--origin-url=encoder:8081', /^--origin-url encoder:8081 is not a URL .* http\.$/],
  ['a wrong scheme for viewers', '--playback-base-url=ftp://127.0.0.1', /^--playback-base-url .* http or https\.$/],
  ['a wrong scheme for publishers', '--rtmp-url=http://127.0.0.1/live', /^--rtmp-url .* rtmp\.$/],
])('%s is refused', (_case, argument, message) => {
  expect(() => parseEdgeOptions([argument])).toThrow(UserError);
  expect(() => parseEdgeOptions([argument])).toThrow(message);
});
