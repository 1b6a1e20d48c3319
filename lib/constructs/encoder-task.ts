import { Duration, Size, Stack, Validations } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  AwsLogDriverMode,
  type ContainerDefinition,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  type ICluster,
  LinuxParameters,
  LogDriver,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { CpuArchitectureName } from '#config/cpu-architecture.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { MAX_STOP_TIMEOUT_SECONDS } from '#domain/encoder-capacity.ts';
import type { ProcessEnvironment } from '#domain/environment.ts';
import { METRICS_NAMESPACE } from '#domain/metrics.ts';
import { PORTS } from '#domain/ports.ts';
import { wildcardFinding } from './cdk-nag-findings.ts';
import { makeLogGroup } from './stage-retention.ts';
import type { StreamTables } from './stream-tables.ts';

export interface EncoderTaskProps
  extends Pick<
    ResolvedStage,
    | 'name'
    | 'publishMode'
    | 'task'
    | 'cpuArchitecture'
    | 'capacityVCpus'
    | 'reconnectWindowSeconds'
    | 'slate'
    | 'drainMinutes'
    | 'logRetentionDays'
    | 'ecsExec'
  > {
  /** The Docker build context: a folder with the Dockerfile and the bundle. */
  readonly imagePath: string;
  readonly cluster: ICluster;
  readonly tables: StreamTables;
  readonly ingestAuth: IFunction;
  readonly clusterSecret: Secret;
  readonly edgeSecret: Secret;
  readonly eventBus: IEventBus;
}

/** ECS's maximum on Fargate. Publishers need time to reconnect to another task, and viewers to load the last media. */
const STOP_TIMEOUT = Duration.seconds(MAX_STOP_TIMEOUT_SECONDS);
/** The encoder ends by itself this long before ECS would kill it, so that its last log lines and events arrive. */
const STOP_MARGIN = Duration.seconds(10);
/** The names of the architectures in a task definition, and for Docker. */
const ARCHITECTURES = {
  arm64: { fargate: CpuArchitecture.ARM64, image: Platform.LINUX_ARM64 },
  x86_64: { fargate: CpuArchitecture.X86_64, image: Platform.LINUX_AMD64 },
} as const satisfies Record<CpuArchitectureName, object>;
/** The id of the image's own user. ECS can check that an id is not root; it can't check a name. */
const USER = '10001';
/** Buffers log lines while CloudWatch is slow. If it is full, lines are dropped; streams are never held up. */
const LOG_BUFFER = Size.mebibytes(25);
/** The agent of ECS Exec writes here (aws/containers-roadmap issue 1359), and the root file system is read-only. */
const EXEC_PATHS = {
  'exec-agent': '/managed-agents',
  'exec-state': '/var/lib/amazon/ssm',
  'exec-log': '/var/log/amazon/ssm',
};

/** The Fargate task of an encoder, with all permissions of its role. */
export class EncoderTask extends Construct {
  readonly definition: FargateTaskDefinition;
  readonly container: ContainerDefinition;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: EncoderTaskProps) {
    super(scope, id);
    this.definition = new FargateTaskDefinition(this, 'Definition', {
      cpu: props.task.vCpus * 1024,
      memoryLimitMiB: props.task.memoryGib * 1024,
      runtimePlatform: {
        cpuArchitecture: ARCHITECTURES[props.cpuArchitecture].fargate,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    this.logGroup = makeLogGroup(this, 'Log', props.logRetentionDays);
    this.container = this.#addContainer(props);
    this.#allowWork(props);
    if (props.ecsExec) this.#allowExec();
  }

  #addContainer(props: EncoderTaskProps): ContainerDefinition {
    const container = this.definition.addContainer('Encoder', {
      image: ContainerImage.fromAsset(props.imagePath, { platform: ARCHITECTURES[props.cpuArchitecture].image }),
      environment: environment(props),
      user: USER,
      readonlyRootFilesystem: true,
      stopTimeout: STOP_TIMEOUT,
      // Docker's init reaps the processes that a shell of ECS Exec leaves behind.
      linuxParameters: new LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      // For the load balancers. On Fargate, other tasks reach the internal port without a mapping.
      portMappings: [{ containerPort: PORTS.rtmp }, { containerPort: PORTS.originTask }],
      logging: LogDriver.awsLogs({
        logGroup: this.logGroup,
        streamPrefix: 'encoder',
        mode: AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: LOG_BUFFER,
      }),
    });
    Validations.of(this.definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason:
        'The variables are names, ports and addresses, and none is a secret. lib/domain/environment.ts lists them.',
    });
    const { executionRole } = this.definition;
    if (executionRole !== undefined) {
      Validations.of(executionRole).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'ecr:GetAuthorizationToken supports no resources. The role may pull from one repository only.',
      });
    }
    return container;
  }

  /** Allows three tables, the titles of streams, one function, one event bus and two secrets, and scale-in protection for tasks of its own cluster. */
  #allowWork(props: EncoderTaskProps): void {
    const { cluster, tables, ingestAuth, eventBus, clusterSecret, edgeSecret, publishMode } = props;
    const role = this.definition.taskRole;
    tables.grant(role, {
      LIVE_TABLE: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      TASKS_TABLE: ['dynamodb:Scan', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
      EVENTS_TABLE: ['dynamodb:PutItem'],
    });
    if (publishMode === 'keys') tables.grantIndexQueries(role, 'STREAMS_TABLE');
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [ingestAuth.functionArn] }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['events:PutEvents'], resources: [eventBus.eventBusArn] }),
    );
    clusterSecret.grantRead(role);
    edgeSecret.grantRead(role);
    const tasks = Stack.of(this).formatArn({
      service: 'ecs',
      resource: 'task',
      resourceName: `${cluster.clusterName}/*`,
    });
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['ecs:GetTaskProtection', 'ecs:UpdateTaskProtection'],
        // A task's id is unknown until the task starts. The cluster has only encoder tasks.
        resources: [tasks],
        conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
      }),
    );
    Validations.of(role).acknowledge({
      id: wildcardFinding(this, tasks),
      reason:
        "A task's id is unknown until the task starts. The wildcard only covers tasks of this service's own cluster.",
    });
  }

  /** ECS Exec needs these four actions on every resource (ECS developer guide, "ECS Exec", task IAM role). */
  #allowExec(): void {
    this.definition.addToTaskRolePolicy(
      new PolicyStatement({
        actions: [
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ],
        resources: ['*'],
      }),
    );
    Validations.of(this.definition).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'The channels of ECS Exec have no resources, and this stage enables ECS Exec.',
    });
    for (const [name, containerPath] of Object.entries(EXEC_PATHS)) {
      this.definition.addVolume({ name });
      this.container.addMountPoints({ sourceVolume: name, containerPath, readOnly: false });
    }
  }
}

function environment(props: EncoderTaskProps): ProcessEnvironment<'encoder'> {
  return {
    LOG_LEVEL: 'info',
    ...props.tables.names('LIVE_TABLE', 'TASKS_TABLE', 'EVENTS_TABLE'),
    // Without it, another backend knows the streams.
    ...(props.publishMode === 'keys' && props.tables.names('STREAMS_TABLE')),
    INGEST_AUTH_FUNCTION: props.ingestAuth.functionName,
    LISTEN_HOST: '0.0.0.0',
    RTMP_PORT: String(PORTS.rtmp),
    HTTP_PORT: String(PORTS.originTask),
    INTERNAL_PORT: String(PORTS.internalTask),
    CLUSTER_SECRET_ARN: props.clusterSecret.secretArn,
    EDGE_SECRET_ARN: props.edgeSecret.secretArn,
    STOP_TIMEOUT_SECONDS: String(STOP_TIMEOUT.toSeconds() - STOP_MARGIN.toSeconds()),
    DRAIN_MINUTES: String(props.drainMinutes),
    RECONNECT_WINDOW_SECONDS: String(props.reconnectWindowSeconds),
    ...(!props.slate && { SLATE: 'off' }),
    CAPACITY_VCPUS: String(props.capacityVCpus),
    EVENT_BUS_NAME: props.eventBus.eventBusName,
    METRICS_NAMESPACE,
    METRICS_STAGE: props.name,
  };
}
