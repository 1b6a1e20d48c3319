import { DEFAULT_LADDER, LADDER_NAMES } from '#domain/ladders.ts';
import { DEFAULT_LATENCY, LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { DEFAULT_CODECS, VIDEO_CODECS } from '#domain/video-codecs.ts';
import type { CommandOptions, OptionValues } from './command.ts';
import { CommandError } from './command-error.ts';

/** The value that removes a limit or a category. */
const NONE = 'none';

/** The options for the settings of a stream, named like the API's fields. The API decides which values are valid. */
export const SETTINGS_OPTIONS = {
  title: { type: 'string', placeholder: 'TEXT', help: 'name of the stream, up to 200 characters' },
  description: { type: 'string', placeholder: 'TEXT', help: 'what viewers may read about it, up to 2000 characters' },
  category: { type: 'string', placeholder: 'TEXT', help: 'what it is listed under, up to 50 characters; or none' },
  unlisted: { type: 'boolean', help: "keeps the stream off the platform's home" },
  listed: { type: 'boolean', help: 'lets the home show it, which is the default' },
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
  'auto-start': {
    type: 'string',
    placeholder: 'yes|no',
    help: 'no: only the studio has the picture until "golive"; default yes',
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
  const { title, description, category, ladder, latency, codecs, playback, 'allow-source': sources } = values;
  return {
    title,
    description,
    category: orNull(category),
    listed: toListed(values),
    ladder,
    latency,
    codecs: codecs?.split(',').map((codec) => codec.trim()),
    playback,
    autoStart: toBoolean(values['auto-start']),
    notBefore: orNull(values['not-before']),
    notAfter: orNull(values['not-after']),
    allowedSources: sources?.length === 1 && sources[0] === NONE ? [] : sources,
  };
}

const orNull = (text: string | undefined): string | null | undefined => (text === NONE ? null : text);

function toListed({ listed, unlisted }: Pick<OptionValues<typeof SETTINGS_OPTIONS>, 'listed' | 'unlisted'>) {
  if (listed === true && unlisted === true)
    throw new CommandError('usage', '--listed and --unlisted contradict each other.');
  return unlisted === true ? false : listed;
}

function toBoolean(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new CommandError('usage', '--auto-start must be yes or no.');
}
