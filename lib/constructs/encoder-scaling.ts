import { Duration, Names, TimeZone } from 'aws-cdk-lib';
import { CfnScalingPolicy, type ScalableTarget, Schedule } from 'aws-cdk-lib/aws-applicationautoscaling';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import { stagePublishVCpus } from '#config/cpu-architecture.ts';
import type { ResolvedStage } from '#config/stage-config.ts';
import { fleetDemand } from '#domain/fleet-demand.ts';
import {
  type EncoderMetricName,
  METRICS_DIMENSION,
  METRICS_INTERVAL_SECONDS,
  METRICS_NAMESPACE,
} from '#domain/metrics.ts';

export interface EncoderScalingProps
  extends Pick<
    ResolvedStage,
    'name' | 'ladder' | 'codecs' | 'cpuArchitecture' | 'capacityVCpus' | 'minTasks' | 'maxTasks' | 'scheduledMinimums'
  > {
  readonly service: FargateService;
}

const SCALE_OUT_COOLDOWN = Duration.seconds(60);
/** Slow, because viewers may still be watching the last broadcasts of a task that stops. */
const SCALE_IN_COOLDOWN = Duration.minutes(15);
/** Target tracking evaluates a metric by the minute. */
const REPORTS_PER_TASK = 60 / METRICS_INTERVAL_SECONDS;

/** Scales tasks by the room that broadcasts take. Unlike CPU in use, room says what the tasks can still accept. */
export class EncoderScaling extends Construct {
  constructor(scope: Construct, id: string, props: EncoderScalingProps) {
    super(scope, id);
    const { service, minTasks, maxTasks } = props;
    const scaling = service.autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: maxTasks });
    const { scalableTargetId } = scaling.node.findChild('Target') as ScalableTarget;
    this.#trackRoom(scalableTargetId, props);
    for (const [index, minimum] of props.scheduledMinimums.entries()) {
      scaling.scaleOnSchedule(`Schedule${index + 1}`, {
        schedule: Schedule.expression(minimum.schedule),
        timeZone: TimeZone.of(minimum.timeZone),
        minCapacity: minimum.minTasks,
        maxCapacity: maxTasks,
      });
    }
  }

  /** The CDK's own construct for target tracking takes no expression. */
  #trackRoom(scalingTargetId: string, props: EncoderScalingProps): void {
    const { name, capacityVCpus } = props;
    const { reserveVCpus, targetPercent } = fleetDemand({ capacityVCpus, publishVCpus: stagePublishVCpus(props) });
    // Sums over all reports of all tasks in a minute, so the reserve counts once for each report of one task. Without any
    // demand nothing is reserved: an idle fleet shrinks to its minimum, even if a task has room for one broadcast only.
    const reserve = Math.round(1000 * reserveVCpus * REPORTS_PER_TASK) / 1000;
    new CfnScalingPolicy(this, 'Room', {
      policyName: Names.uniqueId(this),
      policyType: 'TargetTrackingScaling',
      scalingTargetId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: targetPercent,
        scaleOutCooldown: SCALE_OUT_COOLDOWN.toSeconds(),
        scaleInCooldown: SCALE_IN_COOLDOWN.toSeconds(),
        customizedMetricSpecification: {
          metrics: [
            sumQuery('demand', name, 'RoomDemandVcpus'),
            sumQuery('room', name, 'RoomVcpus'),
            {
              id: 'taken',
              label: 'room in demand or in reserve, in percent',
              expression: `IF(demand > 0, 100 * (demand + ${reserve}) / room, 0)`,
              returnData: true,
            },
          ],
        },
      },
    });
  }
}

function sumQuery(
  id: string,
  stageName: string,
  metricName: EncoderMetricName,
): CfnScalingPolicy.TargetTrackingMetricDataQueryProperty {
  return {
    id,
    metricStat: {
      metric: {
        namespace: METRICS_NAMESPACE,
        metricName,
        dimensions: [{ name: METRICS_DIMENSION, value: stageName }],
      },
      stat: 'Sum',
    },
    returnData: false,
  };
}
