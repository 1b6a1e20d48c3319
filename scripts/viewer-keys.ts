import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createKeyValueStoreClient } from './viewer-keys/create-key-value-store-client.ts';
import { rotateViewerTokenKeys, syncViewerTokenKeys } from './viewer-keys/sync-viewer-token-keys.ts';

/** `npm run viewer-keys`: the keys that viewer tokens of a deployment are signed with. */

const COMMANDS = { sync: syncViewerTokenKeys, rotate: rotateViewerTokenKeys };
const USAGE = `Usage: npm run viewer-keys -- COMMAND --secret ARN --store ARN
  sync      bring the edge the keys that the secret holds; make the first one where it holds none
  rotate    make a new key; tokens of the one before it stay good, those of older ones do not
Options:
  --secret ARN   the Secrets Manager secret with the keys
  --store ARN    the CloudFront key value store of the viewer-token function
A token is good for a day at most: rotate once a day at most, and no link breaks. Twice in a row ends all that were given out.
`;

function readCommandLine() {
  const options = { secret: { type: 'string' }, store: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [name, ...more] = positionals;
  if (name !== 'sync' && name !== 'rotate') throw new Error(`unknown command ${name ?? ''}`.trim());
  const [secretArn = '', keyValueStoreArn = ''] = [values.secret, values.store];
  const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secretArn)?.[1];
  if (more.length > 0 || region === undefined) throw new Error('--secret must be the ARN of a secret');
  if (!keyValueStoreArn.startsWith('arn:')) throw new Error('--store must be the ARN of a key value store');
  return { run: COMMANDS[name], secretArn, keyValueStoreArn, region };
}

async function main(): Promise<void> {
  let commandLine: ReturnType<typeof readCommandLine>;
  try {
    commandLine = readCommandLine();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const { run, secretArn, keyValueStoreArn, region } = commandLine;
  const secrets = new SecretsManagerClient({ region });
  const keyValueStore = createKeyValueStoreClient();
  const { current, former, wasChanged } = await run({
    secrets,
    secretArn,
    keyValueStore,
    keyValueStoreArn,
    randomBytes,
  });
  const also = former === null ? '' : ` Tokens of ${former} are still good.`;
  process.stdout.write(
    `${wasChanged ? 'The edge has new keys.' : 'Nothing had to change.'} ${current} signs.${also}\n`,
  );
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exitCode = 1;
});
