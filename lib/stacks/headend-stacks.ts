import { CfnOutput, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CLOUDFRONT_REGION } from '#config/regions.ts';
import { resolveStage } from '#config/resolve-stage.ts';
import type { ResolvedStage, StageConfig } from '#config/stage-config.ts';
import { AccessLogs } from '#constructs/access-logs.ts';
import { AlarmTopic } from '#constructs/alarm-topic.ts';
import { DeliveryAlarms } from '#constructs/delivery-alarms.ts';
import { Headend, type HeadendPart } from '#constructs/headend.ts';
import { ViewerFirewall } from '#constructs/viewer-firewall.ts';
import { HeadendStack } from './headend-stack.ts';

export interface HeadendStacksProps {
  readonly config: StageConfig;
  /** Folder that `npm run build` filled. */
  readonly artifactsPath: string;
}

/**
 * One stage: a stack for each part of the platform, named `Headend-STAGE-PART`, and two more in us-east-1 for what CloudFront has
 * there: the firewall before the distribution, its alarms and access logs after it.
 */
export class HeadendStacks {
  readonly #app: Construct;
  readonly #stage: ResolvedStage;
  readonly #stacks = new Map<string, HeadendStack>();

  constructor(app: Construct, { config, artifactsPath }: HeadendStacksProps) {
    this.#app = app;
    this.#stage = resolveStage(config);
    const webAclArn = this.#stage.waf ? this.#addFirewall() : null;
    const headend = new Headend(app, 'Headend', {
      ...config,
      artifactsPath,
      placeOf: (part: HeadendPart) => this.#stack(part),
      ...(webAclArn === null ? {} : { webAclArn }),
    });
    if (this.#stage.region !== null) this.#addEdgeMonitoring(headend.distributionId);
    this.#addOutputs(headend);
    Tags.of(app).add('headend:stage', this.#stage.name);
  }

  #addFirewall(): string {
    return new ViewerFirewall(this.#edgeStack('Edge'), 'Firewall', this.#stage).webAclArn;
  }

  #addEdgeMonitoring(distributionId: string): void {
    const scope = this.#edgeStack('EdgeMonitoring');
    const topic = new AlarmTopic(scope, 'Alarms', { email: this.#stage.alarmEmail });
    new DeliveryAlarms(scope, 'DeliveryAlarms', { distributionId, topic });
    new AccessLogs(scope, 'AccessLogs', { ...this.#stage, distributionId });
  }

  /** Stable names, whatever the stacks are called: scripts and people look for them. */
  #addOutputs(headend: Headend): void {
    const outputs = {
      RtmpUrl: headend.rtmpUrl,
      ...(headend.rtmpsUrl === null ? {} : { RtmpsUrl: headend.rtmpsUrl }),
      PlaybackBaseUrl: headend.playbackBaseUrl,
      ApiUrl: headend.apiUrl,
      SiteUrl: headend.siteUrl,
      AdminTokensTable: headend.adminTokensTable,
      ViewerTokenSecretArn: headend.viewerTokenSecretArn,
      ViewerTokenStoreArn: headend.viewerTokenStoreArn,
      Region: this.#stack('Control').region,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this.#stack('Control'), name, { value });
  }

  #stack(part: string, region = this.#stage.region): HeadendStack {
    const existing = this.#stacks.get(part);
    if (existing !== undefined) return existing;
    const made = new HeadendStack(this.#app, part, { stage: this.#stage, region });
    this.#stacks.set(part, made);
    return made;
  }

  #edgeStack(part: string): HeadendStack {
    return this.#stack(part, CLOUDFRONT_REGION);
  }
}
