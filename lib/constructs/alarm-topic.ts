import { Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** The AWS services that say for which account they send a notice: those of alarms and of the budget. */
const SENDERS = ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'] as const;

/** The SNS topic for the notices of one region. An alarm can't notify a topic in another region. */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  /** If `email` is null, nobody is notified until somebody subscribes to the topic. */
  constructor(scope: Construct, id: string, { email }: { readonly email: string | null }) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Headend alarms', enforceSSL: true });
    // `enforceSSL` gives the topic a policy. It replaces the default policy, which would let the account's alarms publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: SENDERS.map((service) => new ServicePrincipal(service)),
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (email !== null) this.topic.addSubscription(new EmailSubscription(email));
  }

  /**
   * Lets rules of EventBridge send notices. Without a condition: EventBridge fulfils none in a topic's policy (EventBridge user
   * guide, "Troubleshooting"), and would drop every notice.
   */
  allowEvents(): void {
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
      }),
    );
  }

  /**
   * Adds an alarm that sends a notice when it goes off, and when it ends. A metric without data raises no alarm, unless
   * `treatMissingData` says so.
   */
  addAlarm(scope: Construct, id: string, props: AlarmProps): void {
    const alarm = new Alarm(scope, id, { treatMissingData: TreatMissingData.NOT_BREACHING, ...props });
    const action = new SnsAction(this.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}
