import { type EncodedClip, qualityFigures, ssimOfFrames } from '#scripts/bench/quality/quality-figures.ts';

const encoded = (clip: EncodedClip['clip'], ssim: number, kbps: number, cpuSeconds: number): EncodedClip => ({
  ...{ clip, ssim, kbps, cpuSeconds },
});
const USUAL = [encoded('talk', 0.98, 600, 2), encoded('sports', 0.93, 610, 3)];

test('the loss is that of the worst clip, and the CPU time that of all', () => {
  const clips = [encoded('sports', 0.925, 600, 4), encoded('talk', 0.99004, 590, 2)];
  expect(qualityFigures(clips, USUAL)).toEqual({
    sportsSsim: '0.9250',
    talkSsim: '0.9900',
    ssimLoss: 0.005,
    kbps: 595,
    cpuSeconds: 6,
    cpuRatio: 1.2,
  });
});

test('better clips have a negative loss', () => {
  expect(qualityFigures([encoded('talk', 0.9825, 600, 2)], USUAL)).toMatchObject({ ssimLoss: -0.0025 });
});

test('a clip that has nothing to be compared with is an error', () => {
  expect(() => qualityFigures([encoded('landscape', 0.9, 600, 1)], USUAL)).toThrow('nothing to compare landscape with');
});

test("the filter's statistics have a line for each frame", () => {
  const lines = [
    'n:1 Y:0.912345 U:0.981111 V:0.982222 All:0.935116 (11.878643)',
    'n:2 Y:0.900000 U:0.900000 V:0.900000 All:1.000000 (inf)',
  ];
  expect(ssimOfFrames(`${lines.join('\n')}\n`)).toEqual([0.935116, 1]);
});

test('other lines are no frames', () => {
  expect(ssimOfFrames('frame=  120 fps= 60\n')).toEqual([]);
});
