import { Duration, TimeZone } from 'aws-cdk-lib';
import { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling';
import type { FargateService } from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { encoderMetric } from './stage-metrics.ts';

export interface EncoderScalingProps
  extends Pick<ResolvedStage, 'name' | 'minTasks' | 'maxTasks' | 'scheduledMinimums'> {
  readonly service: FargateService;
}

/** Percent of slots in use. The rest is room for new broadcasts while another task starts. */
const TARGET_USED_PERCENT = 70;
const SCALE_OUT_COOLDOWN = Duration.seconds(60);
/** Slow, because viewers may still be watching the last broadcasts of a task that stops. */
const SCALE_IN_COOLDOWN = Duration.minutes(15);

/** Scales tasks by the stream slots in use. Unlike CPU, slots say how many more broadcasts a task can accept. */
export class EncoderScaling extends Construct {
  constructor(scope: Construct, id: string, props: EncoderScalingProps) {
    super(scope, id);
    const { service, minTasks, maxTasks, name } = props;
    const scaling = service.autoScaleTaskCount({ minCapacity: minTasks, maxCapacity: maxTasks });
    scaling.scaleToTrackCustomMetric('StreamSlots', {
      metric: encoderMetric(name, 'StreamSlotsUsedPercent', 'Average'),
      targetValue: TARGET_USED_PERCENT,
      scaleOutCooldown: SCALE_OUT_COOLDOWN,
      scaleInCooldown: SCALE_IN_COOLDOWN,
    });
    for (const [index, minimum] of props.scheduledMinimums.entries()) {
      scaling.scaleOnSchedule(`Schedule${index + 1}`, {
        schedule: Schedule.expression(minimum.schedule),
        timeZone: TimeZone.of(minimum.timeZone),
        minCapacity: minimum.minTasks,
        maxCapacity: maxTasks,
      });
    }
  }
}
