import { metricLevels } from '#encoder/telemetry/metric-levels.ts';

test.each([
  [0, 6, 6, 0],
  [1, 6, 5, 16.7],
  [6, 6, 0, 100],
])('%i of %i slots in use leave %i and are %f %%', (slotsUsed, slots, available, percent) => {
  expect(metricLevels({ slots, slotsUsed, streamsLive: 0, encoderSpeed: null })).toEqual({
    StreamSlotsUsed: slotsUsed,
    StreamSlotsAvailable: available,
    StreamSlotsUsedPercent: percent,
    StreamsLive: 0,
    EncoderSpeed: null,
  });
});
