import { DEFAULT_LADDER, LADDER_NAMES } from '#domain/ladders.ts';
import { DEFAULT_LATENCY, LATENCY_NAMES } from '#domain/latency-profiles.ts';
import type { CommandOptions, OptionValues } from './command-options.ts';

/** What stands for no limit. */
const NONE = 'none';

/** The options that set up a stream, named as the API's fields are. The API says which values are good. */
export const SETTINGS_OPTIONS = {
  title: { type: 'string', placeholder: 'TEXT', help: 'its name, up to 200 characters' },
  ladder: {
    type: 'string',
    placeholder: 'NAME',
    help: `${LADDER_NAMES.join(', ')}; at first ${DEFAULT_LADDER}, or what the stage says`,
  },
  latency: {
    type: 'string',
    placeholder: 'NAME',
    help: `${LATENCY_NAMES.join(', ')}; at first ${DEFAULT_LATENCY}, or what the stage says`,
  },
  playback: { type: 'string', placeholder: 'NAME', help: 'who may watch: public, or token for who has a viewer token' },
  'not-before': {
    type: 'string',
    placeholder: 'TIME',
    help: 'the key opens from then on, as in 2030-01-31T18:00:00Z; or none',
  },
  'not-after': { type: 'string', placeholder: 'TIME', help: 'the key opens until then; or none' },
  'allow-source': {
    type: 'string',
    multiple: true,
    placeholder: 'BLOCK',
    help: 'address or CIDR block that may publish; once for each, or none',
  },
} as const satisfies CommandOptions;

/** The body of a request that sets what was given; what was not is undefined and so not sent. */
export function toSettings(values: OptionValues<typeof SETTINGS_OPTIONS>) {
  const { title, ladder, latency, playback, 'allow-source': sources } = values;
  return {
    title,
    ladder,
    latency,
    playback,
    notBefore: toMoment(values['not-before']),
    notAfter: toMoment(values['not-after']),
    allowedSources: sources?.length === 1 && sources[0] === NONE ? [] : sources,
  };
}

const toMoment = (text: string | undefined): string | null | undefined => (text === NONE ? null : text);
