import { resolve } from 'node:path';
import { parseStartOptions } from '#scripts/local/start-options.ts';
import { UserError } from '#scripts/terminal/errors.ts';

test('by default, the ports are those in the README', () => {
  expect(parseStartOptions([])).toEqual({
    httpPort: 8080,
    rtmpPort: 1935,
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
  [['--tasks', '0'], /^--tasks 0 is not possible; 1 to 9 are\.$/],
  [['--tasks', '10'], /^--tasks 10 is not possible/],
  [['--tasks', '2.5'], /^--tasks 2\.5 is not possible/],
  [['--tasks', ''], /^--tasks {2}is not possible/],
  [['--htp-port', '80'], /--htp-port.*Options:/s],
])('%j is refused with one message', (args, message) => {
  const parse = () => parseStartOptions(args);
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(message);
});
