import { randomBytes } from 'node:crypto';
import { type RefusalCode, UNKNOWN_KEY_DESCRIPTION } from '#domain/ingest-auth.ts';
import { generateSecret } from '#domain/stream-ids.ts';
import { RtmpClient } from '#kit/rtmp-client.ts';
import { signalWithin } from '#runtime/signal-within.ts';
import { notOffered, type ProbeCheck } from '../probe-check.ts';
import type { IngestProtocol } from '../probe-target.ts';

const CODE: RefusalCode = 'NetStream.Publish.BadName';
const EXPECTED = `${CODE}: ${UNKNOWN_KEY_DESCRIPTION}`;
const ANSWER_TIMEOUT_MS = 20_000;

/** A stream key that nobody was given is refused, in words that OBS shows. */
export const wrongKey = (protocol: IngestProtocol): ProbeCheck => ({
  name: `wrong-key/${protocol}`,
  run: async ({ target, signal }) => {
    const url = target.ingestUrls[protocol];
    if (url === null) return notOffered(EXPECTED);
    const limit = signalWithin(ANSWER_TIMEOUT_MS, signal);
    const client = await RtmpClient.connect(url, limit);
    try {
      const [, , , status] = await client.publish(generateSecret(randomBytes), { tcUrl: url });
      const { code, description } = Object(status) as { readonly code?: unknown; readonly description?: unknown };
      const measured = `${code}: ${description}`;
      return { ok: measured === EXPECTED, measured, expected: EXPECTED };
    } finally {
      client.destroy();
    }
  },
});
