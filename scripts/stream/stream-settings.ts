import { DEFAULT_LADDER, LADDER_NAMES } from '#domain/ladders.ts';
import { DEFAULT_LATENCY, LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { DEFAULT_CODECS, VIDEO_CODECS } from '#domain/video-codecs.ts';
import type { CommandOptions, OptionValues } from './command.ts';

/** The value that removes a limit. */
const NONE = 'none';

/** The options for the settings of a stream, named like the API's fields. The API decides which values are valid. */
export const SETTINGS_OPTIONS = {
  title: { type: 'string', placeholder: 'TEXT', help: 'name of the stream, up to 200 characters' },
  ladder: {
    type: 'string',
    placeholder: 'NAME',
    help: `${LADDER_NAMES.join(', ')}; default ${DEFAULT_LADDER}, unless the stage has another`,
  },
  latency: {
    type: 'string',
    placeholder: 'NAME',
    help: `${LATENCY_NAMES.join(', ')}; default ${DEFAULT_LATENCY}, unless the stage has another`,
  },
  codecs: {
    type: 'string',
    placeholder: 'LIST',
    help: `${VIDEO_CODECS.join(',')} or some of them; default ${DEFAULT_CODECS.join()}, unless the stage has others`,
  },
  playback: {
    type: 'string',
    placeholder: 'NAME',
    help: 'who may watch: public for everyone, token for viewers with a token',
  },
  'not-before': {
    type: 'string',
    placeholder: 'TIME',
    help: "start of the key's validity, as in 2030-01-31T18:00:00Z; or none",
  },
  'not-after': { type: 'string', placeholder: 'TIME', help: "end of the key's validity; or none" },
  'allow-source': {
    type: 'string',
    multiple: true,
    placeholder: 'BLOCK',
    help: 'address or CIDR block that may publish; may be repeated; none allows all',
  },
} as const satisfies CommandOptions;

/** The request body. Settings that were not given are undefined and therefore not sent. */
export function toSettings(values: OptionValues<typeof SETTINGS_OPTIONS>) {
  const { title, ladder, latency, codecs, playback, 'allow-source': sources } = values;
  return {
    title,
    ladder,
    latency,
    codecs: codecs?.split(',').map((codec) => codec.trim()),
    playback,
    notBefore: toMoment(values['not-before']),
    notAfter: toMoment(values['not-after']),
    allowedSources: sources?.length === 1 && sources[0] === NONE ? [] : sources,
  };
}

const toMoment = (text: string | undefined): string | null | undefined => (text === NONE ? null : text);
