import { SoundLevel } from '#encoder/transcode/sound-level.ts';

const line = (level: string): string => `frame:0    pts:0       pts_time:0\nlavfi.astats.Overall.RMS_level=${level}\n`;

test('the newest level counts, rounded, for five seconds', () => {
  const sound = new SoundLevel();
  expect(sound.levelDb(0)).toBeNull();
  sound.add(Buffer.from(line('-23.103699') + line('-20.06')), 1_000);
  expect(sound.levelDb(5_999)).toBe(-20.1);
  expect(sound.levelDb(6_000)).toBeNull();
});

test('silence is -100, which JSON can say', () => {
  const sound = new SoundLevel();
  for (const level of ['-inf', '-120.5']) {
    sound.add(Buffer.from(line('-3')), 0);
    sound.add(Buffer.from(line(level)), 0);
    expect(sound.levelDb(0)).toBe(-100);
  }
});

test('lines may come in pieces, and what is no level is passed over', () => {
  const sound = new SoundLevel();
  for (const character of line('-7.5')) sound.add(Buffer.from(character), 0);
  sound.add(Buffer.from(`${'x'.repeat(5_000)}\nRMS_level=nan\n`), 0);
  expect(sound.levelDb(0)).toBe(-7.5);
});
