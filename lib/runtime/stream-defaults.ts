import { LADDER_NAMES } from '#domain/ladders.ts';
import { LATENCY_NAMES } from '#domain/latency-profiles.ts';
import { PLAYBACK_MODES } from '#domain/playback-ids.ts';
import type { NewStreamDefaults, StreamDefaults } from '#domain/streams.ts';

/** The deployment's defaults from its variables. Throws an error that says what was got and what is allowed. */
export function parseStreamDefaults(variables: {
  readonly DEFAULT_LADDER: string;
  readonly DEFAULT_LATENCY: string;
}): StreamDefaults {
  return {
    ladder: parseName('DEFAULT_LADDER', variables.DEFAULT_LADDER, LADDER_NAMES),
    latency: parseName('DEFAULT_LATENCY', variables.DEFAULT_LATENCY, LATENCY_NAMES),
  };
}

/** The same with who may watch, for the control API. */
export function parseNewStreamDefaults(
  variables: Parameters<typeof parseStreamDefaults>[0] & { readonly DEFAULT_PLAYBACK: string },
): NewStreamDefaults {
  const playback = parseName('DEFAULT_PLAYBACK', variables.DEFAULT_PLAYBACK, PLAYBACK_MODES);
  return { ...parseStreamDefaults(variables), playback };
}

function parseName<Name extends string>(variable: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new Error(`${variable} must be one of ${names.join(', ')}, not "${text}"`);
  return name;
}
