import type { Authorise } from '#domain/ingest-auth.ts';
import { createDocumentClient } from '#runtime/aws-clients.ts';
import { createLogger } from '#runtime/log.ts';
import { createStreamStore } from '#runtime/stream-store.ts';
import { createHandler } from './create-handler.ts';
import { readIngestAuthEnvironment } from './ingest-auth-environment.ts';
import { createKeyAuthority } from './key-authority.ts';
import { createWebhookAuthority } from './webhook-authority.ts';
import { openWebhookSecret } from './webhook-secret.ts';

const environment = readIngestAuthEnvironment(process.env);
const log = createLogger({ service: 'ingest-auth', level: environment.LOG_LEVEL });

/** The ingest-auth Lambda function: takes an IngestAuthRequest, returns an IngestAuthResponse. */
export const handler = createHandler({ authorise: await createAuthority(), log });

async function createAuthority(): Promise<Authorise> {
  if (environment.PUBLISH_MODE === 'keys') {
    const streams = createStreamStore({ client: createDocumentClient(), tables: environment });
    return createKeyAuthority({ streams, now: Date.now });
  }
  return createWebhookAuthority({
    url: environment.WEBHOOK_URL,
    readSecret: await openWebhookSecret(environment.webhookSecret, Date.now),
    defaults: {
      ladder: environment.DEFAULT_LADDER,
      latency: environment.DEFAULT_LATENCY,
      codecs: environment.DEFAULT_CODECS,
    },
    fetch,
    now: Date.now,
    log,
  });
}
