import { Duration, Validations } from 'aws-cdk-lib';
import { type ISubnet, type IVpc, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import {
  AvailabilityZoneRebalancing,
  Cluster,
  ContainerInsights,
  FargateService,
  type FargateServiceProps,
  type ICluster,
  PropagatedTagSource,
} from 'aws-cdk-lib/aws-ecs';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { PORTS } from '#domain/ports.ts';
import { EncoderScaling } from './encoder-scaling.ts';
import { EncoderTask } from './encoder-task.ts';
import type { IngestListener } from './ingest-listener.ts';
import type { OriginListener } from './origin-listener.ts';
import { RotatableSecret } from './rotatable-secret.ts';
import type { StreamTables } from './stream-tables.ts';

export interface EncoderServiceProps {
  readonly stage: ResolvedStage;
  readonly imagePath: string;
  readonly vpc: IVpc;
  readonly subnets: ISubnet[];
  readonly hasPublicAddresses: boolean;
  readonly tables: StreamTables;
  readonly ingestAuth: IFunction;
  readonly eventBus: IEventBus;
  /** By which tasks know CloudFront. */
  readonly edgeSecret: Secret;
  readonly ingest: IngestListener;
  readonly origin: OriginListener;
}

/** The ECS service of encoder tasks. They run on Fargate behind both load balancers and scale by the room that broadcasts take. */
export class EncoderService extends Construct {
  readonly cluster: ICluster;
  readonly task: EncoderTask;
  readonly service: FargateService;
  readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: EncoderServiceProps) {
    super(scope, id);
    const { stage, vpc, imagePath, tables, ingestAuth, eventBus } = props;
    this.cluster = this.#makeCluster(props);
    this.task = new EncoderTask(this, 'Task', {
      ...stage,
      imagePath,
      cluster: this.cluster,
      tables,
      ingestAuth,
      eventBus,
      clusterSecret: this.#makeClusterSecret(),
      edgeSecret: props.edgeSecret,
    });
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Headend: encoder tasks',
      // Tasks call AWS and each other, but AWS's addresses are too many to list. Incoming traffic is limited below.
      allowAllOutbound: true,
    });
    const { ingest, origin } = props;
    this.securityGroup.addIngressRule(this.securityGroup, Port.tcp(PORTS.internalTask), 'other encoder tasks');
    this.securityGroup.addIngressRule(ingest.securityGroup, Port.tcp(PORTS.rtmp), 'RTMP from the ingest balancer');
    ingest.securityGroup.addEgressRule(this.securityGroup, Port.tcp(PORTS.rtmp), 'RTMP to encoder tasks');
    this.securityGroup.addIngressRule(origin.securityGroup, Port.tcp(PORTS.originTask), 'the origin balancer');
    origin.securityGroup.addEgressRule(this.securityGroup, Port.tcp(PORTS.originTask), 'to encoder tasks');
    this.service = new FargateService(this, 'Service', this.#serviceProps(props));
    this.#attach(ingest, origin);
    new EncoderScaling(this, 'Scaling', { ...stage, service: this.service });
  }

  #serviceProps({ stage, subnets, hasPublicAddresses }: EncoderServiceProps): FargateServiceProps {
    return {
      cluster: this.cluster,
      taskDefinition: this.task.definition,
      vpcSubnets: { subnets },
      assignPublicIp: hasPublicAddresses,
      securityGroups: [this.securityGroup],
      // No desiredCount: each deployment would set it, and stop the tasks that scaling has added.
      minHealthyPercent: 100,
      // A second deployment can start its tasks while those before the first one still have broadcasts on air.
      maxHealthyPercent: 300,
      circuitBreaker: { enable: true, rollback: true },
      // Rebalancing would move tasks with live broadcasts, only to even out the zones.
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
      enableExecuteCommand: stage.ecsExec,
      healthCheckGracePeriod: Duration.seconds(30),
      enableECSManagedTags: true,
      // Costs are divided by the tags of tasks.
      propagateTags: PropagatedTagSource.SERVICE,
    };
  }

  #attach(ingest: IngestListener, origin: OriginListener): void {
    const containerName = this.task.container.containerName;
    ingest.addTarget(this.service.loadBalancerTarget({ containerName, containerPort: PORTS.rtmp }));
    origin.addTarget(this.service.loadBalancerTarget({ containerName, containerPort: PORTS.originTask }));
  }

  #makeClusterSecret(): Secret {
    return new RotatableSecret(this, 'ClusterSecret', { description: 'encoder tasks show it to each other' }).secret;
  }

  #makeCluster({ vpc, stage }: EncoderServiceProps): ICluster {
    const cluster = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: stage.containerInsights ? ContainerInsights.ENABLED : ContainerInsights.DISABLED,
    });
    if (!stage.containerInsights) {
      Validations.of(cluster).acknowledge({
        id: 'AwsSolutions-ECS4',
        reason:
          "Container Insights costs per metric. The encoder's own metrics and ECS's CPU and memory don't need it.",
      });
    }
    // The CDK's types allow undefined in optional members; this project's compiler options don't.
    return cluster as ICluster;
  }
}
