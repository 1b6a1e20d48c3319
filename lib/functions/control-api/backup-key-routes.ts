import type { OpenAPIHono } from '@hono/zod-openapi';
import { generateSecret, hashSecret } from '#domain/stream-ids.ts';
import { beginAttempt } from './attempt.ts';
import { noteChange, noteRepeat, streamFields } from './audit-notes.ts';
import { requireUnchanged } from './broadcast-routes.ts';
import { createBackupKeySchema } from './schemas.ts';
import { findStream, type StreamsDependencies } from './stream-access.ts';
import { toStreamBody } from './stream-body.ts';
import { createBackupKeyRoute, removeBackupKeyRoute } from './stream-definitions.ts';
import { entityTag, nextVersion, requireMatch, versionConflict } from './stream-version.ts';

/** A backup key that opened the stream before this version of it. */
interface FormerBackup {
  readonly keyHash: string;
  readonly version: number;
}

/** Adds the routes that give a stream a backup key and take it away. */
export function addBackupKeyRoutes(app: OpenAPIHono, dependencies: StreamsDependencies): void {
  const { streams, live, addresses, now } = dependencies;

  /** Disconnects whoever publishes with a backup key that is no longer valid from this version of the stream on. */
  async function forgetBackup(streamId: string, { keyHash, version }: FormerBackup): Promise<void> {
    await live.requestEnd({ streamId, reason: 'key-rotated', minVersion: version, nowMs: now() });
    await streams.forgetKey(keyHash);
  }

  app.openapi(createBackupKeyRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    // Parse again to fill in the defaults: without a body the router passes on an unparsed empty object.
    const { failoverMs } = createBackupKeySchema.parse(context.req.valid('json'));
    const base = { version: stream.version, formerKeyHash: stream.backup?.keyHash ?? null };
    const attempt = await beginAttempt(context, { body: { failoverMs }, base }, dependencies);
    const { version, formerKeyHash } = attempt.base;
    const backupKey = generateSecret(attempt.randomBytes);
    const keyHash = hashSecret(backupKey);
    let changed = stream;
    if (stream.backup?.keyHash !== keyHash) {
      requireUnchanged({ isDone: attempt.isDone, base: version }, stream.version);
      const ifMatch = context.req.valid('header')['if-match'];
      requireMatch(ifMatch, stream.version);
      changed = nextVersion(stream, { backup: { keyHash, failoverMs } }, now());
      if (!(await streams.replaceKey(changed, keyHash))) throw versionConflict(ifMatch);
    }
    noteChange(context, { before: streamFields(stream), after: streamFields(changed) });
    if (!attempt.isDone) {
      // The first backup key of a stream disconnects nobody.
      if (formerKeyHash !== null) await forgetBackup(stream.id, { keyHash: formerKeyHash, version: version + 1 });
      await attempt.finish();
    }
    const body = { ...toStreamBody(changed, await live.getPresence(stream.id), addresses, now()), backupKey };
    return context.json(body, 200, { ETag: entityTag(changed.version) });
  });

  app.openapi(removeBackupKeyRoute, async (context) => {
    const stream = await findStream(dependencies, context.req.valid('param').id);
    const ifMatch = context.req.valid('header')['if-match'];
    requireMatch(ifMatch, stream.version);
    if (!stream.backup) {
      noteRepeat(context);
      return context.body(null, 204);
    }
    const changed = nextVersion(stream, { backup: null }, now());
    if (!(await streams.replace(changed))) throw versionConflict(ifMatch);
    noteChange(context, { before: streamFields(stream), after: streamFields(changed) });
    await forgetBackup(stream.id, { keyHash: stream.backup.keyHash, version: changed.version });
    return context.body(null, 204);
  });
}
