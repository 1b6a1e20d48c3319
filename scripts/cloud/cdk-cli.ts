import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** The commands of the CDK CLI for which Headend has its own. */
export type CdkCommand = 'synth' | 'deploy' | 'diff' | 'destroy';

const require = createRequire(import.meta.url);

/** The pinned CDK CLI, a Node.js program. */
export const CDK_CLI_PATH = require.resolve('aws-cdk/bin/cdk');

/** The CLI's table of its options. It is not a public interface, so the version is pinned and a test reads it. */
const REGISTRY_PATH = join(dirname(require.resolve('aws-cdk/package.json')), 'lib', 'cli', 'cli-type-registry.json');

const optionsSchema = z.record(
  z.string(),
  z.object({ type: z.string(), alias: z.union([z.string(), z.array(z.string())]).default([]) }),
);
const registrySchema = z.object({
  globalOptions: optionsSchema,
  commands: z.record(z.string(), z.object({ options: optionsSchema.optional() })),
});

/** One option in the format of `parseArgs` of node:util. */
export type CdkOption =
  | { readonly type: 'boolean'; readonly short?: string }
  | { readonly type: 'string'; readonly multiple: true; readonly short?: string };

/** The options of a command of the CLI, by name without dashes. */
export function readCdkOptions(command: CdkCommand): Readonly<Record<string, CdkOption>> {
  const registry = registrySchema.parse(JSON.parse(readFileSync(REGISTRY_PATH, 'utf8')));
  const options = { ...registry.globalOptions, ...registry.commands[command]?.options };
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, { type, alias }]) => {
      const value = type === 'boolean' ? ({ type } as const) : ({ type: 'string', multiple: true } as const);
      const names = [alias].flat();
      const short = names.find((other) => other.length === 1);
      const longNames = [name, ...names.filter((other) => other.length > 1)];
      return longNames.map((longName, index) => [
        longName,
        index > 0 || short === undefined ? value : { ...value, short },
      ]);
    }),
  );
}
