import type { Alarm, CompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** The SNS topic for the alarms of one region. An alarm can't notify a topic in another region. */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  /** If `email` is null, nobody is notified until somebody subscribes to the topic. */
  constructor(scope: Construct, id: string, { email }: { readonly email: string | null }) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Headend alarms', enforceSSL: true });
    if (email !== null) this.topic.addSubscription(new EmailSubscription(email));
  }

  /** Sends a notice when the alarm goes off, and when it ends. */
  notify(alarm: Alarm | CompositeAlarm): void {
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}
