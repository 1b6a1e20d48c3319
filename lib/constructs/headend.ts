import { fileURLToPath } from 'node:url';
import type { Construct } from 'constructs';
import { resolveStage } from '#config/resolve-stage.ts';
import type { StageConfig } from '#config/stage-config.ts';
import { HeadendPlatform } from './headend-platform.ts';

export interface HeadendProps extends StageConfig {
  /** The folder that `npm run build` fills. @default dist in this package */
  readonly artifactsPath?: string;
  /** ARN of a WAF web ACL for CloudFront. It must be in us-east-1, as `ViewerFirewall` is. @default none */
  readonly webAclArn?: string;
}

const DIST_PATH = fileURLToPath(new URL('../../dist', import.meta.url));

/** The whole platform as one construct of your own CDK app. Throws a StageConfigError that lists every problem. */
export class Headend extends HeadendPlatform {
  constructor(scope: Construct, id: string, props: HeadendProps) {
    const { artifactsPath = DIST_PATH, webAclArn = null, ...config } = props;
    super(scope, id, { stage: resolveStage(config), artifactsPath, webAclArn });
  }
}
