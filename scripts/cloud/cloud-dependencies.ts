import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StageConfig } from '#config/stage-config.ts';
import { STAGES } from '#config/stages.ts';
import type { RandomBytes } from '#domain/stream-ids.ts';
import { buildArtifacts } from '#scripts/build-artifacts.ts';
import { openAccessStores } from './open-access-stores.ts';
import { openAwsClients } from './preflight/aws-clients.ts';
import { probeDeployedStage } from './probe-deployed-stage.ts';
import { type CdkContext, PROJECT_DIR, type RunCdk, runCdk } from './run-cdk.ts';
import { syncViewerKeys } from './sync-viewer-keys.ts';

/** What the commands for AWS use. */
export interface CloudDependencies extends CdkContext {
  /** The stages that can be named. */
  readonly stages: readonly StageConfig[];
  /** The CDK's file of remembered context. */
  readonly contextPath: string;
  readonly openAwsClients: typeof openAwsClients;
  /** Builds everything that the app deploys, with the stage's picture for its slates. */
  build(slateImage: string | null): Promise<unknown>;
  readonly runCdk: RunCdk;
  readonly openAccessStores: typeof openAccessStores;
  readonly syncViewerKeys: typeof syncViewerKeys;
  readonly probeDeployedStage: typeof probeDeployedStage;
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
  readonly stderr: Pick<NodeJS.WritableStream, 'write'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
}

/** Where the app expects the artifacts. */
const ARTIFACTS_DIR = fileURLToPath(new URL('../../dist', import.meta.url));

/** The dependencies outside of tests. */
export const CLOUD_DEPENDENCIES: CloudDependencies = {
  appPath: 'bin/headend.ts',
  env: process.env,
  stages: STAGES,
  contextPath: join(PROJECT_DIR, 'cdk.context.json'),
  openAwsClients,
  build: (slateImage) => buildArtifacts(ARTIFACTS_DIR, slateImage),
  runCdk,
  openAccessStores,
  syncViewerKeys,
  probeDeployedStage,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  randomBytes,
};
