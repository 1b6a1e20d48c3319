import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { RandomBytes } from '#domain/stream-ids.ts';
import { buildArtifacts } from '#scripts/build-artifacts.ts';
import { openTokenStore } from './open-token-store.ts';
import { type CdkContext, type RunCdk, runCdk } from './run-cdk.ts';
import { syncViewerKeys } from './sync-viewer-keys.ts';

/** What the commands that work in AWS are made of. */
export interface CloudDependencies extends CdkContext {
  /** Makes everything that the app deploys. */
  build(): Promise<unknown>;
  readonly runCdk: RunCdk;
  readonly openTokenStore: typeof openTokenStore;
  readonly syncViewerKeys: typeof syncViewerKeys;
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/** Where the app finds what it deploys. */
const ARTIFACTS_DIR = fileURLToPath(new URL('../../dist', import.meta.url));

/** The real ones. */
export const CLOUD_DEPENDENCIES: CloudDependencies = {
  appPath: 'bin/headend.ts',
  env: process.env,
  build: () => buildArtifacts(ARTIFACTS_DIR),
  runCdk,
  openTokenStore,
  syncViewerKeys,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  randomBytes,
};
