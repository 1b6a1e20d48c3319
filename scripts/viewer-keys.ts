import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parseOrPrintUsage } from './terminal/errors.ts';
import { createKeyValueStoreClient } from './viewer-keys/edge-keys.ts';
import { rotateViewerTokenKeys, syncViewerTokenKeys } from './viewer-keys/sync-viewer-token-keys.ts';

/** `npm run viewer-keys`: manages the keys that sign the viewer tokens of a deployment. */

const COMMANDS = { sync: syncViewerTokenKeys, rotate: rotateViewerTokenKeys };
const USAGE = `
Usage: npm run viewer-keys -- COMMAND --secret ARN --store ARN
  sync      copy the keys from the secret to the edge; if the secret has none, make the first one
  rotate    make a new key; tokens signed with the previous key stay valid, those signed with older keys do not
Options:
  --secret ARN   the Secrets Manager secret that holds the keys
  --store ARN    the CloudFront key value store of the viewer-token function
A token is valid for a day at most. Rotating once a day or less breaks no link; rotating twice in a row ends all links.`;

function readCommandLine() {
  const options = { secret: { type: 'string' }, store: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name, ...more] = positionals;
  if (name !== 'sync' && name !== 'rotate') throw new Error(`unknown command ${name ?? ''}`.trim());
  const [secretArn = '', keyValueStoreArn = ''] = [values.secret, values.store];
  const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretArn)?.[1];
  if (more.length > 0) throw new Error(`unexpected argument ${more[0]}`);
  if (region === undefined) throw new Error('--secret must be the ARN of a secret');
  if (!keyValueStoreArn.startsWith('arn:')) throw new Error('--store must be the ARN of a key value store');
  return { run: COMMANDS[name], secretArn, keyValueStoreArn, region };
}

async function main({ run, secretArn, keyValueStoreArn, region }: ReturnType<typeof readCommandLine>): Promise<void> {
  const secrets = new SecretsManagerClient({ region });
  const keyValueStore = createKeyValueStoreClient();
  const { current, former, wasChanged } = await run({
    secrets,
    secretArn,
    keyValueStore,
    keyValueStoreArn,
    randomBytes,
  });
  const also = former === null ? '' : ` Tokens signed with ${former} are still valid.`;
  process.stdout.write(
    `${wasChanged ? 'The edge has new keys.' : 'Nothing had to change.'} ${current} signs new tokens.${also}\n`,
  );
}

const commandLine = parseOrPrintUsage(readCommandLine, USAGE);
if (commandLine === null) {
  process.exitCode = 2;
} else {
  try {
    await main(commandLine);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
    process.exitCode = 1;
  }
}
