import {
  type EncodingName,
  encodingNames,
  encodingRecipe,
  OWN,
  QUALITY_RUNGS,
  USUAL,
} from '#scripts/bench/quality/encodings.ts';

/** The value that FFmpeg takes, which is the last one. */
const lastOf = (args: readonly string[], option: string): string | undefined => args[args.lastIndexOf(option) + 1];

describe.each(QUALITY_RUNGS)('$name', (rung) => {
  const argsOf = (name: EncodingName): readonly string[] => encodingRecipe(name, rung).args;

  test('every encoding has the bitrate and the rate-control buffer of the rung, and one output', () => {
    for (const name of encodingNames(rung)) {
      const args = argsOf(name);
      expect(lastOf(args, '-b:v')).toBe(`${rung.videoKbps}k`);
      expect(lastOf(args, '-bufsize')).toBe(`${rung.videoKbps / 2}k`);
      expect(args.filter((arg) => /^pipe:[^0]/.test(arg))).toEqual(['pipe:3']);
      expect(args.at(-1)).toBe('pipe:3');
    }
  });

  test("all but the usual recipe are the encoder's own settings with options after them", () => {
    const own = argsOf(OWN).slice(0, -1);
    expect(own).toEqual(expect.arrayContaining(['-profile:v', 'high']));
    for (const name of encodingNames(rung).filter((other) => other !== USUAL && other !== OWN)) {
      expect(argsOf(name).slice(0, own.length)).toEqual(own);
      expect(argsOf(name).length).toBeGreaterThan(own.length + 1);
    }
  });
});
