import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '#scripts/terminal/errors.ts';

/** One deployment: a stage in an account and a region. */
export interface DeploymentPlace {
  readonly account: string;
  readonly region: string;
  readonly stage: string;
}

const fileSchema = z.record(z.string(), z.unknown());

/**
 * What was chosen for a stage, in the CDK's own file for what it has looked up, `cdk.context.json`. A later deployment
 * chooses the same, whatever AWS answers by then.
 */
export class RememberedChoices {
  readonly #path: string;
  readonly #prefix: string;

  constructor(path: string, { account, region, stage }: DeploymentPlace) {
    this.#path = path;
    this.#prefix = `headend:account=${account}:region=${region}:stage=${stage}`;
  }

  /** Resolves to null if nothing fitting is remembered. Rejects with a UserError if the file is not a JSON object. */
  async read<Value>(name: string, schema: z.ZodType<Value>): Promise<Value | null> {
    return schema.safeParse((await this.#read())[this.#key(name)]).data ?? null;
  }

  /** Leaves the rest of the file as it is. */
  async write(values: Readonly<Record<string, unknown>>): Promise<void> {
    const all = await this.#read();
    const added = Object.fromEntries(Object.entries(values).map(([name, value]) => [this.#key(name), value]));
    const text = `${JSON.stringify({ ...all, ...added }, null, 2)}\n`;
    if (text === `${JSON.stringify(all, null, 2)}\n`) return;
    await writeFile(`${this.#path}.new`, text);
    await rename(`${this.#path}.new`, this.#path);
  }

  #key(name: string): string {
    return `${this.#prefix}:${name}`;
  }

  async #read(): Promise<Record<string, unknown>> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
    try {
      return fileSchema.parse(JSON.parse(text));
    } catch (error) {
      throw new UserError(`${this.#path} is not a JSON object. Mend it, or delete it if nothing in it is needed.`, {
        cause: error,
      });
    }
  }
}
