import type { Alarm, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** Where the alarms of one region go; an SNS topic can't be told by another region's alarms. */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  /** `email` of null: nobody is told until somebody subscribes. */
  constructor(scope: Construct, id: string, { email }: { readonly email: string | null }) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Headend alarms', enforceSSL: true });
    if (email !== null) this.topic.addSubscription(new EmailSubscription(email));
  }

  /** Tells of the alarm, and of its end. */
  notify(alarm: Alarm | CompositeAlarm): void {
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}
