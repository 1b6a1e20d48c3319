import { parseStartOptions } from '#scripts/local/start-options.ts';
import { UserError } from '#scripts/terminal/errors.ts';

test('by default, the ports are those in the README', () => {
  expect(parseStartOptions([])).toEqual({
    httpPort: 8080,
    rtmpPort: 1935,
    dataDir: '.headend',
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

test.each([
  [['--http-port', '99999'], /--http-port 99999 is not a port/],
  [['--tasks', '2'], /--tasks 2 is not possible yet/],
  [['--htp-port', '80'], /--htp-port.*Options:/s],
])('%j is refused with one message', (args, message) => {
  const parse = () => parseStartOptions(args);
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(message);
});
