import { randomBytes } from 'node:crypto';
import { parseAacConfig } from '#encoder/media/aac-config.ts';
import { BitWriter } from './bit-writer.ts';

const AAC_LC = 2;
const SBR = 5;
const PARAMETRIC_STEREO = 29;
const bits = () => new BitWriter();

test.each([
  ['44.1 kHz stereo', bits().bits(AAC_LC, 5).bits(4, 4).bits(2, 4), 44_100, 2],
  ['48 kHz mono', bits().bits(AAC_LC, 5).bits(3, 4).bits(1, 4), 48_000, 1],
  ['5.1', bits().bits(AAC_LC, 5).bits(3, 4).bits(6, 4), 48_000, 6],
  ['7.1', bits().bits(AAC_LC, 5).bits(3, 4).bits(7, 4), 48_000, 8],
  ['channels listed in a program config element', bits().bits(AAC_LC, 5).bits(3, 4).bits(0, 4), 48_000, 2],
  ['an explicit sample rate', bits().bits(AAC_LC, 5).bits(15, 4).bits(37_800, 24).bits(2, 4), 37_800, 2],
  [
    'HE-AAC, which doubles the sample rate',
    bits().bits(SBR, 5).bits(6, 4).bits(2, 4).bits(3, 4).bits(AAC_LC, 5),
    48_000,
    2,
  ],
  [
    'HE-AAC v2, which makes stereo from mono',
    bits().bits(PARAMETRIC_STEREO, 5).bits(7, 4).bits(1, 4).bits(4, 4),
    44_100,
    2,
  ],
  ['an escaped object type', bits().bits(31, 5).bits(10, 6).bits(3, 4).bits(2, 4), 48_000, 2],
])('reads %s', (_, config, sampleRateHz, channels) => {
  expect(parseAacConfig(config.toBuffer())).toEqual({ sampleRateHz, channels });
});

test.each([
  ['nothing', bits()],
  ['a single byte', bits().bits(AAC_LC, 5).bits(3, 3)],
  ['object type 0', bits().bits(0, 5).bits(3, 4).bits(2, 4)],
  ['reserved sample rate 13', bits().bits(AAC_LC, 5).bits(13, 4).bits(2, 4)],
  ['an explicit sample rate of 0', bits().bits(AAC_LC, 5).bits(15, 4).bits(0, 24).bits(2, 4)],
  ['an explicit sample rate of 16 MHz', bits().bits(AAC_LC, 5).bits(15, 4).bits(0xffffff, 24).bits(2, 4)],
  ['a truncated explicit sample rate', bits().bits(AAC_LC, 5).bits(15, 4).bits(48_000, 16)],
  ['reserved channel configuration 9', bits().bits(AAC_LC, 5).bits(3, 4).bits(9, 4)],
  ['HE-AAC with a reserved output rate', bits().bits(SBR, 5).bits(6, 4).bits(2, 4).bits(14, 4)],
])('refuses %s', (_, config) => {
  expect(parseAacConfig(config.toBuffer())).toBeNull();
});

test('returns null or a possible configuration for random bytes', () => {
  for (let round = 0; round < 2_000; round++) {
    const config = parseAacConfig(randomBytes(round % 8));
    if (config === null) continue;
    expect(config.sampleRateHz).toBeGreaterThanOrEqual(7_350);
    expect(config.sampleRateHz).toBeLessThanOrEqual(96_000);
    expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(config.channels);
  }
});
