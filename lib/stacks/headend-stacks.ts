import { CfnOutput, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { CLOUDFRONT_REGION } from '#config/regions.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { AccessLogs } from '#constructs/access-logs.ts';
import { AlarmTopic } from '#constructs/alarm-topic.ts';
import { DeliveryAlarms } from '#constructs/delivery-alarms.ts';
import { HeadendPlatform } from '#constructs/headend-platform.ts';
import { ViewerFirewall } from '#constructs/viewer-firewall.ts';
import { HeadendStack } from './headend-stack.ts';

export interface HeadendStacksProps {
  readonly stage: ResolvedStage;
  /** The folder that `npm run build` fills. */
  readonly artifactsPath: string;
}

/**
 * One stage as stacks: one for each part of the platform, named `Headend-STAGE-PART`. Two more stacks are in us-east-1,
 * where CloudFront needs them, `Headend-STAGE-PART-REGION`: the firewall before the distribution, and its alarms and
 * access logs after it.
 */
export class HeadendStacks {
  readonly #app: Construct;
  readonly #stage: ResolvedStage;
  readonly #stacks = new Map<string, HeadendStack>();

  constructor(app: Construct, { stage, artifactsPath }: HeadendStacksProps) {
    this.#app = app;
    this.#stage = stage;
    const headend = new HeadendPlatform(app, 'Headend', {
      stage,
      artifactsPath,
      webAclArn: stage.waf ? this.#addFirewall() : null,
      scopeOf: (part) => this.#stack(part),
    });
    if (stage.region !== null) this.#addEdgeMonitoring(headend.distributionId, stage.region);
    this.#addOutputs(headend);
    Tags.of(app).add('headend:stage', stage.name);
  }

  #addFirewall(): string {
    return new ViewerFirewall(this.#edgeStack('Edge'), 'Firewall', this.#stage).webAclArn;
  }

  #addEdgeMonitoring(distributionId: string, stageRegion: string): void {
    const scope = this.#edgeStack('EdgeMonitoring');
    const topic = new AlarmTopic(scope, 'Alarms', { email: this.#stage.alarmEmail });
    new CfnOutput(scope, 'AlarmTopicArn', { value: topic.topic.topicArn });
    new DeliveryAlarms(scope, 'DeliveryAlarms', { ...this.#stage, distributionId, topic });
    new AccessLogs(scope, 'AccessLogs', { ...this.#stage, stageRegion, distributionId });
  }

  /** Scripts and people look for the outputs by these names, whatever the stacks are called. */
  #addOutputs(headend: HeadendPlatform): void {
    const outputs = {
      ...(headend.rtmpUrl === null ? {} : { RtmpUrl: headend.rtmpUrl }),
      ...(headend.rtmpsUrl === null ? {} : { RtmpsUrl: headend.rtmpsUrl }),
      PlaybackBaseUrl: headend.playbackBaseUrl,
      OriginUrl: headend.originUrl,
      ApiUrl: headend.apiUrl,
      SiteUrl: headend.siteUrl,
      AdminTokensTable: headend.adminTokensTable,
      SessionsTable: headend.sessionsTable,
      ViewerTokenSecretArn: headend.viewerTokenSecretArn,
      ViewerTokenStoreArn: headend.viewerTokenStoreArn,
      Region: this.#stack('Control').region,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this.#stack('Control'), name, { value });
    // In its own stack: without alarms, the rest of the stage can be used all the same.
    new CfnOutput(this.#stack('Monitoring'), 'AlarmTopicArn', { value: headend.alarmTopicArn });
  }

  #stack(part: string, region = this.#stage.region): HeadendStack {
    const existing = this.#stacks.get(part);
    if (existing !== undefined) return existing;
    const stack = new HeadendStack(this.#app, part, { stage: this.#stage, region });
    this.#stacks.set(part, stack);
    return stack;
  }

  /** Its name has the stage's region, because a stage in another region has such stacks in us-east-1 too. */
  #edgeStack(part: 'Edge' | 'EdgeMonitoring'): HeadendStack {
    return this.#stack(`${part}-${this.#stage.region}`, CLOUDFRONT_REGION);
  }
}
