import { BACKUP_FIRST_FRAME_NUMBER, shownPublishers } from '#scripts/faults/shown-publishers.ts';

const frame = (displayedAtMs: number, frameNumber: number | null) => ({ displayedAtMs, frameNumber });
const backup = (number: number) => BACKUP_FIRST_FRAME_NUMBER + number;

test('frames show whose pictures came, and for how long one stood', () => {
  const frames = [
    frame(0, 7),
    frame(40, 8),
    frame(1_000, null),
    frame(2_040, backup(0)),
    frame(2_080, backup(1)),
    frame(2_120, 0),
  ];
  expect(shownPublishers(frames)).toEqual({ order: ['primary', 'backup', 'primary'], longestFreezeSeconds: 2 });
});

test('without a change there is one publisher, or none', () => {
  expect(shownPublishers([frame(0, 1), frame(40, 2)])).toEqual({ order: ['primary'], longestFreezeSeconds: 0.04 });
  expect(shownPublishers([])).toEqual({ order: [], longestFreezeSeconds: 0 });
});
