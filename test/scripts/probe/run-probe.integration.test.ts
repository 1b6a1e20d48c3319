import { once } from 'node:events';
import type { ProbeCheck } from '#scripts/probe/probe-check.ts';
import { formatReport, isGood, toJsonLine } from '#scripts/probe/probe-output.ts';
import type { ProbeTarget } from '#scripts/probe/probe-target.ts';
import { runProbe } from '#scripts/probe/run-probe.ts';

const target: ProbeTarget = {
  ...{ apiUrl: 'http://127.0.0.1:1/api', token: 'no token', playbackBaseUrl: 'http://127.0.0.1:1' },
  ...{ ingestUrls: { rtmp: null, rtmps: null }, origin: { kind: 'private', addresses: [] }, alarms: null },
};
const settings = { seconds: 4, maxDelaySeconds: 4, notifies: false };

test('a check that is interrupted is not called wrong, and the report is not called good', async () => {
  const interruption = new AbortController();
  const checked: ProbeCheck = {
    name: 'before',
    run: async () => ({ ok: true, measured: 'something', expected: 'something' }),
  };
  const waiting: ProbeCheck = {
    name: 'waiting',
    run: async ({ signal }) => {
      const aborted = once(signal, 'abort');
      interruption.abort();
      await aborted;
      throw new Error('The operation was aborted');
    },
  };
  const checks = [checked, waiting, checked];
  const report = await runProbe({
    ...{ target, settings, checks, interrupted: interruption.signal },
    note: () => undefined,
  });
  expect(report.rows.map(({ check }) => check)).toEqual(['before']);
  expect(isGood(report)).toBe(false);
  expect(JSON.parse(toJsonLine(report))).toMatchObject({ ok: false });
  expect(formatReport(report)).toMatch(/\nNothing is wrong so far\.\n$/);
});
