import { readFile } from 'node:fs/promises';
import { taskSizeSchema } from '#config/stage-field-schemas.ts';
import { encodingVCpus, publishVCpus, type SourcePicture, taskCapacityVCpus } from '#domain/encoder-capacity.ts';
import { LADDER_NAMES, type LadderName, RUNGS } from '#domain/ladders.ts';
import { EXTRA_CODECS } from '#domain/video-codecs.ts';

const cost = (ladder: LadderName, source?: SourcePicture | null): number =>
  publishVCpus({ ladder, source, architecture: 'x64' });
const picture = (width: number, height: number, frameRate: number | null = 30): SourcePicture => ({
  width,
  height,
  frameRate,
});

test('a source that is not known yet counts as one of the ladder’s own height at 30 fps', () => {
  expect(cost('720p')).toBe(cost('720p', picture(1280, 720)));
  expect(cost('2160p')).toBe(cost('2160p', picture(3840, 2160)));
  expect(cost('720p', picture(1280, 720, null))).toBe(cost('720p'));
});

test('a task of 16 vCPUs can encode every ladder, and the larger the ladder, the more it takes', () => {
  const costs = LADDER_NAMES.map((ladder) => publishVCpus({ ladder, architecture: 'arm64' }));
  expect(costs).toEqual(costs.toSorted((a, b) => b - a));
  expect(costs[0]).toBeLessThan(taskCapacityVCpus({ vCpus: 16, memoryGib: 32 }));
});

test.each(LADDER_NAMES)(
  '%s: nothing is upscaled, so a source of 360p takes what it takes on the ladder of 360p',
  (ladder) => {
    expect(cost(ladder, picture(640, 360))).toBe(cost('360p', picture(640, 360)));
  },
);

test.each([
  ['a source between two rungs', '1080p', picture(1600, 900), cost('720p'), cost('1080p')],
  ['25 fps', '1080p', picture(1920, 1080, 25), 0.7 * cost('1080p'), cost('1080p')],
  ['50 fps', '1080p', picture(1920, 1080, 50), cost('1080p'), cost('1080p', picture(1920, 1080, 60))],
  ['60 fps', '1080p', picture(1920, 1080, 60), 1.5 * cost('1080p'), 2.5 * cost('1080p')],
  ['a larger source, for its decoding', '720p', picture(3840, 2160), 1.2 * cost('720p'), 3 * cost('720p')],
  ['a larger source at 60 fps', '720p', picture(3840, 2160, 60), cost('720p', picture(3840, 2160)), 6 * cost('720p')],
  ['4:3, which has fewer pixels', '1080p', picture(1440, 1080), 0.7 * cost('1080p'), 0.8 * cost('1080p')],
  ['twice as wide', '1080p', picture(3840, 1080), 1.9 * cost('1080p'), 2.1 * cost('1080p')],
] as const)('%s takes more than one thing and less than another', (_what, ladder, source, least, most) => {
  expect(cost(ladder, source)).toBeGreaterThan(least);
  expect(cost(ladder, source)).toBeLessThan(most);
});

test('an upright picture takes what a lying one takes', () => {
  expect(cost('1080p', picture(1080, 1920))).toBe(cost('1080p'));
});

test('frames above 60 a second are decoded, but not encoded', () => {
  const source = (frameRate: number) => picture(1920, 1080, frameRate);
  const beyond = cost('1080p', source(120)) - cost('1080p', source(60));
  expect(beyond).toBeGreaterThan(0);
  expect(beyond).toBeLessThan(cost('1080p', source(60)) - cost('1080p', source(30)));
});

describe('encoding some of the rungs', () => {
  const source = picture(1920, 1080, 60);
  const vCpus = (...rungs: (readonly [name: LadderName, frameStep: number])[]): number =>
    encodingVCpus({ rungs: rungs.map(([name, frameStep]) => ({ name, frameStep })), source, architecture: 'x64' });

  test('takes what the publish takes if it is all of them', () => {
    expect(vCpus(['1080p', 1], ['720p', 1], ['480p', 1], ['360p', 1])).toBe(cost('1080p', source));
  });

  test('takes less with each frame and each rung that is left out, and the source is always decoded', () => {
    const levels = [
      vCpus(['480p', 1], ['360p', 1]),
      vCpus(['480p', 2], ['360p', 1]),
      vCpus(['360p', 1]),
      vCpus(['360p', 2]),
    ];
    expect(levels).toEqual(levels.toSorted((a, b) => b - a));
    expect(new Set(levels).size).toBe(levels.length);
    expect(levels.at(-1)).toBeGreaterThan(cost('360p', picture(640, 360, 30)));
  });

  test('halves neither the rungs below nor the decoding with the frames of the best rung', () => {
    const saved = vCpus(['480p', 1], ['360p', 1]) - vCpus(['480p', 2], ['360p', 1]);
    const dropped = vCpus(['480p', 1], ['360p', 1]) - vCpus(['360p', 1]);
    expect(saved).toBeGreaterThan(0);
    expect(saved).toBeLessThan(dropped);
  });
});

test.each(EXTRA_CODECS)(
  '%s takes several times what H.264 takes, and is encoded for the rungs of the source only',
  (codec) => {
    const both = (ladder: LadderName, source?: SourcePicture) =>
      publishVCpus({ ladder, source, codecs: ['h264', codec], architecture: 'x64' });
    for (const ladder of LADDER_NAMES) {
      expect(both(ladder)).toBeGreaterThan(2 * cost(ladder));
      expect(both(ladder)).toBeLessThan(6 * cost(ladder));
      expect(both(ladder, picture(640, 360))).toBe(both('360p'));
      expect(publishVCpus({ ladder, codecs: ['h264'], architecture: 'x64' })).toBe(cost(ladder));
    }
  },
);

test('sound alone takes room, for its memory', () => {
  expect(cost('2160p', null)).toBeGreaterThan(0.1);
  expect(cost('2160p', null)).toBeLessThan(0.2);
  expect(cost('2160p', picture(2, 2, 1))).toBe(cost('2160p', null));
});

test.each([
  picture(1, 1, 1),
  picture(16_384, 16_384, 240),
  picture(16_384, 2),
  picture(2, 16_384, null),
  picture(853, 479, 23.976),
])('the cost of $width x $height at $frameRate is a whole number of thousandths', (source) => {
  for (const ladder of LADDER_NAMES) {
    const thousandths = cost(ladder, source) * 1000;
    expect(thousandths).toBeGreaterThan(0);
    expect(Math.abs(thousandths - Math.round(thousandths))).toBeLessThan(1e-6);
  }
});

test('on ARM, a publish takes more vCPUs than the table says', () => {
  const onArm = publishVCpus({ ladder: '1080p', architecture: 'arm64' });
  expect(onArm).toBeGreaterThan(cost('1080p'));
  expect(onArm).toBeLessThan(1.5 * cost('1080p'));
});

/** Every size that Fargate offers, from the least memory on. */
const SIZES = [1, 2, 4, 8, 16].flatMap((vCpus) =>
  Array.from({ length: 120 }, (_, index) => ({ vCpus, memoryGib: index + 1 })).filter(
    (size) => taskSizeSchema.safeParse(size).success,
  ),
);

test.each(SIZES.filter(({ vCpus, memoryGib }) => memoryGib === 2 * vCpus))(
  'memory does not limit a task of $vCpus vCPUs and $memoryGib GiB: its room is its CPU, less the overhead',
  (size) => {
    expect(taskCapacityVCpus(size)).toBeCloseTo(size.vCpus - 0.1, 6);
  },
);

test('a task with too little memory for its CPU has less room', () => {
  expect(taskCapacityVCpus({ vCpus: 4, memoryGib: 4 })).toBeLessThan(2);
  expect(taskCapacityVCpus({ vCpus: 4, memoryGib: 0.1 })).toBe(0);
});

test('docs/operations.md says what each ladder takes, and how many broadcasts fit into each size', async () => {
  const operations = await readFile('docs/operations.md', 'utf8');
  const atRate = (shortSide: number, ladder: LadderName) =>
    [30, 60].map((frameRate) =>
      publishVCpus({
        ladder,
        architecture: 'arm64',
        source: picture(Math.round((shortSide * 16) / 9), shortSide, frameRate),
      }),
    );
  for (const { name, shortSide } of RUNGS) {
    const costs = atRate(shortSide, name);
    const fits = [2, 4, 8, 16].map((vCpus) => {
      const capacity = taskCapacityVCpus({ vCpus, memoryGib: 2 * vCpus });
      const counts = costs.map((vCpusOfOne) => Math.floor(capacity / vCpusOfOne + 1e-9));
      return counts.every((count) => count === 0) ? '–' : counts.map((count) => count || '–').join(' / ');
    });
    const rounded = costs.map((vCpus) => (Math.ceil(vCpus * 100 - 1e-6) / 100).toFixed(2)).join(' / ');
    expect(operations).toContain(`| ${name} | ${rounded} | ${fits.join(' | ')} |`);
  }
});

test('mapping a high dynamic range costs by the pixels of the best rung', () => {
  const cost = (ladder: '720p' | '1080p', isToneMapped: boolean): number =>
    publishVCpus({ ladder, source: { width: 1920, height: 1080, frameRate: 30, isToneMapped }, architecture: 'x64' });
  expect(cost('1080p', true) - cost('1080p', false)).toBeCloseTo(1.12, 2);
  expect(cost('720p', true) - cost('720p', false)).toBeCloseTo(0.5, 2);
});
