import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { HostedZone, type IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { stagePublishVCpus } from '#config/cpu-architecture.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { AlarmTopic } from './alarm-topic.ts';
import { ControlApiFunction } from './control-api-function.ts';
import { ControlApiGateway } from './control-api-gateway.ts';
import { EncoderService } from './encoder-service.ts';
import { HlsDistribution } from './hls-distribution.ts';
import { IngestAuthFunction } from './ingest-auth-function.ts';
import { IngestListener } from './ingest-listener.ts';
import { MonthlyBudget } from './monthly-budget.ts';
import { Network } from './network.ts';
import type { NodeFunction } from './node-function.ts';
import { OperationsDashboard } from './operations-dashboard.ts';
import { OriginListener } from './origin-listener.ts';
import { PlatformAlarms } from './platform-alarms.ts';
import { RotatableSecret } from './rotatable-secret.ts';
import { StaticSite } from './static-site.ts';
import { StreamTables } from './stream-tables.ts';
import { ViewerTokenFunction } from './viewer-token-function.ts';
import { ViewerTokenSecret } from './viewer-token-secret.ts';

/** The parts of the platform. Each needs only the parts before it, so each can be a stack. */
export type HeadendPart = 'Data' | 'Network' | 'Media' | 'Delivery' | 'Control' | 'Monitoring';

export interface HeadendPlatformProps {
  readonly stage: ResolvedStage;
  /** The folder that `npm run build` fills. */
  readonly artifactsPath: string;
  /** ARN of a web ACL for CloudFront. Null for none. */
  readonly webAclArn: string | null;
  /** The scope of each part's constructs. @default this construct */
  readonly scopeOf?: (part: HeadendPart) => Construct;
}

const PAGES_FUNCTION_PATH = fileURLToPath(new URL('../functions/site-pages/function.js', import.meta.url));

interface DataParts {
  readonly tables: StreamTables;
  readonly eventBus: IEventBus;
  readonly ingestAuth: IngestAuthFunction;
  readonly viewerTokenSecret: ViewerTokenSecret;
}

interface MediaParts {
  readonly ingest: IngestListener;
  readonly origin: OriginListener;
  readonly encoder: EncoderService;
  /** CloudFront shows it to the encoder tasks and the control API. */
  readonly edgeSecret: Secret;
}

interface DeliveryParts {
  readonly gateway: ControlApiGateway;
  readonly distribution: HlsDistribution;
  readonly viewerTokens: ViewerTokenFunction;
}

/** The whole platform of one resolved stage: everything from the RTMP address to the viewers' pages. */
export class HeadendPlatform extends Construct {
  /** Null if the stage takes RTMPS only. */
  readonly rtmpUrl: string | null;
  /** Null if the stage has no ingest domain. */
  readonly rtmpsUrl: string | null;
  readonly playbackBaseUrl: string;
  /** The origin's load balancer. Only CloudFront can reach it. */
  readonly originUrl: string;
  readonly apiUrl: string;
  readonly siteUrl: string;
  readonly adminTokensTable: string;
  /** Name of the table of sessions and invitations. */
  readonly sessionsTable: string;
  readonly distributionId: string;
  /** The Secrets Manager secret that holds the keys of viewer tokens. */
  readonly viewerTokenSecretArn: string;
  /** The CloudFront KeyValueStore that must hold the same keys. */
  readonly viewerTokenStoreArn: string;
  /** The SNS topic of the alarms in the stage's region. */
  readonly alarmTopicArn: string;
  readonly #stage: ResolvedStage;
  readonly #artifactsPath: string;
  readonly #scopeOf: (part: HeadendPart) => Construct;

  constructor(scope: Construct, id: string, props: HeadendPlatformProps) {
    super(scope, id);
    this.#stage = props.stage;
    this.#artifactsPath = props.artifactsPath;
    this.#scopeOf = props.scopeOf ?? (() => this);

    const data = this.#addData();
    const media = this.#addMedia(data);
    const delivery = this.#addDelivery(media, props.webAclArn);
    const controlApi = this.#addControl(data, media, delivery);
    this.alarmTopicArn = this.#addMonitoring(data, media, delivery, controlApi).topic.topicArn;

    this.rtmpUrl = media.ingest.rtmpUrl;
    this.rtmpsUrl = media.ingest.rtmpsUrl;
    this.playbackBaseUrl = delivery.distribution.baseUrl;
    this.originUrl = `http://${media.origin.loadBalancer.loadBalancerDnsName}`;
    this.apiUrl = delivery.gateway.ownUrl ?? `${this.playbackBaseUrl}/api`;
    this.siteUrl = this.playbackBaseUrl;
    this.adminTokensTable = data.tables.names('ADMIN_TOKENS_TABLE').ADMIN_TOKENS_TABLE;
    this.sessionsTable = data.tables.names('SESSIONS_TABLE').SESSIONS_TABLE;
    this.viewerTokenSecretArn = data.viewerTokenSecret.secret.secretArn;
    this.viewerTokenStoreArn = delivery.viewerTokens.keyValueStore.keyValueStoreArn;
    this.distributionId = delivery.distribution.distribution.distributionId;
  }

  #addData(): DataParts {
    const scope = this.#scopeOf('Data');
    const tables = new StreamTables(scope, 'Tables', this.#stage);
    const eventBus = new EventBus(scope, 'Events', {
      description: 'Headend: stream.live, stream.ended and others',
    }) as IEventBus;
    const ingestAuth = new IngestAuthFunction(scope, 'Publishing', {
      ...this.#stage,
      codePath: join(this.#artifactsPath, 'ingest-auth'),
      tables,
    });
    const viewerTokenSecret = new ViewerTokenSecret(scope, 'ViewerTokenKeys', this.#stage);
    return { tables, eventBus, ingestAuth, viewerTokenSecret };
  }

  #addMedia({ tables, eventBus, ingestAuth }: DataParts): MediaParts {
    const network = new Network(this.#scopeOf('Network'), 'Network', this.#stage);
    const scope = this.#scopeOf('Media');
    const { vpc } = network;
    const ingest = new IngestListener(scope, 'Ingest', {
      ...this.#stage,
      vpc,
      subnets: network.balancerSubnets,
      hostedZone: this.#hostedZone(scope),
    });
    const origin = new OriginListener(scope, 'Origin', { vpc, subnets: network.originSubnets });
    const { secret: edgeSecret } = new RotatableSecret(scope, 'EdgeSecret', {
      description: 'CloudFront shows it to encoder tasks and the control API',
    });
    const encoder = new EncoderService(scope, 'Encoder', {
      stage: this.#stage,
      imagePath: join(this.#artifactsPath, 'encoder'),
      vpc,
      subnets: network.taskSubnets,
      hasPublicAddresses: network.tasksHavePublicAddresses,
      tables,
      ingestAuth: ingestAuth.nodeFunction.function,
      eventBus,
      ingest,
      origin,
      edgeSecret,
    });
    return { ingest, origin, encoder, edgeSecret };
  }

  #addDelivery({ origin, edgeSecret }: MediaParts, webAclArn: string | null): DeliveryParts {
    const scope = this.#scopeOf('Delivery');
    const hostedZone = this.#hostedZone(scope);
    const gateway = new ControlApiGateway(scope, 'Api', { ...this.#stage, hostedZone });
    const site = new StaticSite(scope, 'Site', {
      sitePath: join(this.#artifactsPath, 'site'),
      pagesFunctionPath: PAGES_FUNCTION_PATH,
    });
    const viewerTokens = new ViewerTokenFunction(scope, 'ViewerTokens', {
      codePath: join(this.#artifactsPath, 'viewer-token', 'function.js'),
    });
    const distribution = new HlsDistribution(scope, 'Hls', {
      ...this.#stage,
      origin: origin.vpcOrigin,
      site,
      viewerTokens,
      apiHost: gateway.host,
      edgeSecret,
      webAclArn,
      hostedZone,
    });
    return { gateway, distribution, viewerTokens };
  }

  #addControl(
    { tables, eventBus, viewerTokenSecret }: DataParts,
    { ingest, edgeSecret }: MediaParts,
    { gateway, distribution }: DeliveryParts,
  ): NodeFunction {
    const scope = this.#scopeOf('Control');
    const controlApi = new ControlApiFunction(scope, 'Control', {
      ...this.#stage,
      codePath: join(this.#artifactsPath, 'control-api'),
      tables,
      eventBus,
      rtmpUrl: ingest.rtmpUrl,
      rtmpsUrl: ingest.rtmpsUrl,
      playbackBaseUrl: distribution.baseUrl,
      viewerTokenSecret,
      edgeSecret,
      distribution: distribution.distribution,
    });
    gateway.addFunction(controlApi, controlApi.nodeFunction.function);
    return controlApi.nodeFunction;
  }

  #addMonitoring(
    { tables, ingestAuth }: DataParts,
    { ingest, origin, encoder }: MediaParts,
    { gateway, distribution }: DeliveryParts,
    controlApi: NodeFunction,
  ): AlarmTopic {
    const scope = this.#scopeOf('Monitoring');
    const { name: stageName, alarmEmail, monthlyBudgetUsd } = this.#stage;
    const { service } = encoder;
    const topic = new AlarmTopic(scope, 'Alarms', { email: alarmEmail });
    new PlatformAlarms(scope, 'PlatformAlarms', {
      stage: this.#stage,
      publishVCpus: stagePublishVCpus(this.#stage),
      topic,
      tables,
      service,
      ingest,
      origin,
      ingestAuth,
      controlApi,
      gateway,
    });
    const { distributionId } = distribution.distribution;
    new OperationsDashboard(scope, 'Operations', { stageName, service, ingest, origin, distributionId });
    if (monthlyBudgetUsd !== null) new MonthlyBudget(scope, 'MonthlyBudget', { limitUsd: monthlyBudgetUsd, topic });
    return topic;
  }

  /** The stage's hosted zone as a construct of one stack. Null if the stage has none. */
  #hostedZone(scope: Construct): IHostedZone | null {
    const { dnsZone } = this.#stage;
    if (dnsZone === null) return null;
    const existing = scope.node.tryFindChild('Zone');
    if (existing !== undefined) return existing as unknown as IHostedZone;
    return HostedZone.fromHostedZoneAttributes(scope, 'Zone', dnsZone);
  }
}
