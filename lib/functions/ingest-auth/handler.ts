import type { Logger } from 'pino';
import { PUBLISH_MODES } from '#domain/environment.ts';
import type { Authorise } from '#domain/ingest-auth.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { readEnvironment } from '#runtime/environment.ts';
import { createLogger } from '#runtime/log.ts';
import { parseStreamDefaults } from '#runtime/stream-defaults.ts';
import { createStreamStore } from '#runtime/stream-store.ts';
import { createHandler } from './create-handler.ts';
import { createKeyAuthority } from './key-authority.ts';
import { createWebhookAuthority } from './webhook-authority.ts';
import { createWebhookSecret } from './webhook-secret.ts';
import { parseWebhookUrl } from './webhook-settings.ts';

const environment = readEnvironment('ingest-auth', process.env);
const log = createLogger({ service: 'ingest-auth', level: environment.LOG_LEVEL });

/** The ingest-auth Lambda function: IngestAuthRequest in, IngestAuthResponse out. */
export const handler = createHandler({ authorise: await createAuthority(environment.PUBLISH_MODE, log), log });

async function createAuthority(mode: string, log: Logger): Promise<Authorise> {
  switch (mode) {
    case 'keys': {
      const tables = readEnvironment('ingest-auth in keys mode', process.env);
      return createKeyAuthority({
        streams: createStreamStore({ client: createDocumentClient(), tables }),
        now: Date.now,
      });
    }
    case 'webhook': {
      const variables = readEnvironment('ingest-auth in webhook mode', process.env);
      const url = parseWebhookUrl(variables.WEBHOOK_URL);
      const defaults = parseStreamDefaults(variables);
      const readSecret = await createWebhookSecret(process.env, Date.now);
      return createWebhookAuthority({ url, readSecret, defaults, fetch, now: Date.now, log });
    }
    default:
      throw new Error(`PUBLISH_MODE must be one of ${PUBLISH_MODES.join(', ')}, not "${mode}"`);
  }
}
