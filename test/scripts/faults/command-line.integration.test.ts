import { parseFaultsCommandLine } from '#scripts/faults/command-line.ts';
import { FAULTS } from '#scripts/faults/faults.ts';

test('without options, all faults are tried, and no two have one name', () => {
  expect(parseFaultsCommandLine([])).toEqual({ faults: FAULTS, patience: 1, isJson: false });
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
});

test('--only picks faults by name, or by what is before the slash, and keeps their order', () => {
  const line = parseFaultsCommandLine(['--only', 'early-player', '--only', 'ffmpeg-killed', '--json']);
  const names = ['ffmpeg-killed', 'early-player/low', 'early-player/ultra', 'early-player/standard'];
  expect([line?.faults.map(({ name }) => name), line?.isJson]).toEqual([names, true]);
});

test('--soak breaks one stream for so long instead', () => {
  const line = parseFaultsCommandLine(['--soak', '3600', '--seed', '7', '--patience', '2']);
  expect(line).toMatchObject({ faults: [{ name: 'soak', seconds: expect.any(Number) }], patience: 2 });
});

test('--help asks for the usage', () => {
  expect(parseFaultsCommandLine(['--help'])).toBeNull();
});

test.each([
  [['--only', 'nothing'], '--only nothing: there is no such fault.'],
  [['--soak', '5'], '--soak 5 is not a whole number from 10 to 86400.'],
  [['--soak', '60', '--only', 'slate'], '--soak and --only do not go together.'],
  [['--seed', '1'], '--seed is for --soak.'],
  [['--patience', '0'], '--patience 0 is not a whole number from 1 to 10.'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is wrong', (args, message) => {
  expect(() => parseFaultsCommandLine(args)).toThrow(message);
});
