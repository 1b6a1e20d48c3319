import { resolve } from 'node:path';
import { checkKeptByNpm, parseStartOptions, START_USAGE } from '#scripts/local/start-options.ts';
import { UserError } from '#scripts/terminal/errors.ts';

test('by default, the ports are those in the README', () => {
  expect(parseStartOptions([])).toEqual({
    httpPort: 8080,
    rtmpPort: 1935,
    host: null,
    tasks: 1,
    dataDir: '.headend',
    slate: true,
    slateImage: null,
    demo: false,
    json: false,
  });
});

test('HTTP and RTMP cannot share a port', () => {
  const parse = () => parseStartOptions(['--http-port', '8080', '--rtmp-port', '8080']);
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(/^--http-port and --rtmp-port are both 8080; each needs a port of its own\.$/);
});

test('0 for both means two free ports', () => {
  expect(parseStartOptions(['--http-port=0', '--rtmp-port=0'])).toMatchObject({ httpPort: 0, rtmpPort: 0 });
});

test.each(['2', '9'])('--tasks %s', (tasks) => {
  expect(parseStartOptions(['--tasks', tasks])).toMatchObject({ tasks: Number(tasks) });
});

test('a slate can be off, or have a picture of its own', async () => {
  expect(parseStartOptions(['--no-slate'])).toMatchObject({ slate: false, slateImage: null });
  expect(parseStartOptions(['--slate-image', 'docs/watch-page.jpg'])).toMatchObject({
    slate: true,
    slateImage: resolve('docs/watch-page.jpg'),
  });
});

test.each([
  [['--slate-image', 'no/such.png'], /^--slate-image: no\/such\.png can't be read\.$/],
  [['--slate-image', 'README.md'], /README\.md is neither a PNG nor a JPEG/],
  [['--slate-image', 'docs/watch-page.jpg', '--no-slate'], /contradict each other/],
  [['--http-port', '99999'], /--http-port 99999 is not a port/],
  [['--data-dir', ''], /^--data-dir is empty/],
  [['--tasks', '0'], /^--tasks 0 is not possible; 1 to 9 are\.$/],
  [['--tasks', '10'], /^--tasks 10 is not possible/],
  [['--tasks', '2.5'], /^--tasks 2\.5 is not possible/],
  [['--tasks', ''], /^--tasks {2}is not possible/],
  [['--htp-port', '80'], /^Unknown option '--htp-port'.*"npm start -- --help" lists the options\.$/],
  [['--host', 'wlan0'], /^--host wlan0 is no IPv4 address/],
  [['--host', '192.0.2.7', '--tasks', '2'], /^--host takes one encoder/],
])('%j is refused with one message', (args, message) => {
  const parse = () => parseStartOptions(args);
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(message);
});

test('--help has a line for each option', () => {
  const { dataDir: _dataDir, ...options } = parseStartOptions([]);
  expect(START_USAGE.match(/^ {2}--/gm)).toHaveLength(Object.keys(options).length + 2);
});

test('options that npm took for its own are an error, rather than left out', () => {
  const start = { npm_lifecycle_event: 'start' };
  expect(() => checkKeptByNpm({ ...start, npm_config_json: 'true', npm_config_cache: '/c' })).not.toThrow();
  expect(() => checkKeptByNpm({ npm_lifecycle_event: 'test', npm_config_demo: 'true' })).not.toThrow();
  expect(() => checkKeptByNpm({ ...start, npm_config_http_port: '81', npm_config_slate: '' })).toThrow(
    'npm took --http-port, --no-slate for options of its own. Write "--" before them: npm start -- --http-port ...',
  );
});
