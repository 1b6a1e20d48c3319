import { bestPace, type ProgressSample } from './playlist-progress.ts';

/** One sample a second, with the seconds of media that each playlist has reached. */
const samples = (...edgesSeconds: readonly (readonly number[])[]): ProgressSample[] =>
  edgesSeconds.map((edges, second) => ({ atMs: second * 1000, edgesMs: edges.map((edge) => edge * 1000) }));

test.each([
  { what: 'in real time', edges: [[0], [1], [2], [3]], pace: 1 },
  { what: 'held up and catching up', edges: [[0], [0], [0], [3]], pace: 1.5 },
  { what: 'half as fast as it should be', edges: [[0], [0.5], [1], [1.5]], pace: 0.5 },
  {
    what: 'one playlist slower than another',
    edges: [
      [0, 0],
      [1, 0.5],
      [2, 1],
      [3, 1.5],
    ],
    pace: 0.5,
  },
  { what: 'stopped', edges: [[2], [2], [2]], pace: 0 },
  { what: 'too short to tell', edges: [[0], [1]], pace: 0 },
])('$what', ({ edges, pace }) => {
  expect(bestPace(samples(...edges), 2_000)).toBeCloseTo(pace);
});
