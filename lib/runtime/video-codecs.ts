import * as z from 'zod/mini';
import { codecsProblem, VIDEO_CODECS, type VideoCodec } from '#domain/video-codecs.ts';
import { parsedBy } from './environment.ts';

/** The codecs of a ladder that come from another process. */
export const codecsSchema: z.ZodMiniType<readonly VideoCodec[]> = z.array(z.enum(VIDEO_CODECS)).check(
  z.minLength(1),
  z.maxLength(VIDEO_CODECS.length),
  z.refine((codecs) => codecsProblem(codecs) === null),
);

/** An environment variable with the codecs of a ladder, separated by commas. */
export const codecList = parsedBy(parseCodecs);

function parseCodecs(text: string): readonly VideoCodec[] {
  const codecs = text.split(',').map((name) => {
    const known = VIDEO_CODECS.find((codec) => codec === name.trim());
    if (known === undefined) throw new Error(`must be of ${VIDEO_CODECS.join(', ')}, separated by commas`);
    return known;
  });
  const problem = codecsProblem(codecs);
  if (problem !== null) throw new Error(problem);
  return codecs;
}
