import { parseStat, readProcess } from '#kit/process-usage.ts';

describe('process usage', () => {
  test('reads the usage of this process', async () => {
    const usage = await readProcess(process.pid);
    const { user, system } = process.cpuUsage();
    expect(usage).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(usage?.cpuSeconds).toBeCloseTo((user + system) / 1e6, 0);
    expect(usage?.residentBytes).toBeGreaterThan(1e7);
  });

  test('parses a name with spaces and parentheses', () => {
    const fields = Array.from({ length: 30 }, (_, index) => String(index + 5));
    expect(parseStat(`7 (a) b (c) S 1 ${fields.join(' ')}\n`)).toEqual({
      pid: 7,
      parentPid: 1,
      name: 'a) b (c',
      cpuSeconds: 0.29,
      residentBytes: 24 * 4096,
    });
  });

  test('refuses anything else than a line of /proc/PID/stat', () => {
    expect(() => parseStat('hello')).toThrow('hello');
  });
});
