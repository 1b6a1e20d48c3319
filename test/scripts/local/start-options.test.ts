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
