import { checkTargets, type Target } from '#scripts/bench/target.ts';

test.each<{ measured: number | string | null; target: Target; required: string; holds: boolean }>([
  { measured: 5, target: { atMost: 5 }, required: '<= 5', holds: true },
  { measured: 5.01, target: { atMost: 5 }, required: '<= 5', holds: false },
  { measured: 49.9, target: { below: 50 }, required: '< 50', holds: true },
  { measured: 50, target: { below: 50 }, required: '< 50', holds: false },
  { measured: Number.NaN, target: { atMost: 5 }, required: '<= 5', holds: false },
  { measured: null, target: { atMost: 5 }, required: '<= 5', holds: false },
  { measured: 'fast', target: { below: 5 }, required: '< 5', holds: false },
])('$measured $required: $holds', ({ measured, target, required, holds }) => {
  expect(checkTargets({ other: 1, p95Ms: measured }, { p95Ms: target })).toEqual({
    p95Ms: { required, measured, holds },
  });
});

test('a figure that was not measured misses its target', () => {
  expect(checkTargets({}, { stalls: { atMost: 0 } })).toEqual({
    stalls: { required: '<= 0', measured: null, holds: false },
  });
});
