import { GetTopicAttributesCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mayCloudWatchPublish } from './topic-policy.ts';

/** What a topic's attributes say. */
export interface TopicFacts {
  readonly name: string;
  /** Whether its policy lets CloudWatch's alarms publish. */
  readonly takesAlarms: boolean;
  readonly confirmedSubscriptions: number;
  readonly pendingSubscriptions: number;
}

const REQUEST_LIMITS = { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** The SNS topics of alarms, each in its own region. */
export class AlarmTopics {
  readonly #profile: string | null;
  readonly #clients = new Map<string, SNSClient>();

  /** A profile of null leaves the choice to the SDK. */
  constructor(profile: string | null) {
    this.#profile = profile;
  }

  /** Rejects with the SDK's error. */
  async read(topicArn: string, signal: AbortSignal): Promise<TopicFacts> {
    const [account, name] = topicArn.split(':').slice(4);
    const command = new GetTopicAttributesCommand({ TopicArn: topicArn });
    const { Attributes = {} } = await this.#client(topicArn).send(command, { abortSignal: signal });
    return {
      name: name ?? topicArn,
      takesAlarms: mayCloudWatchPublish(Attributes.Policy ?? '', account ?? ''),
      confirmedSubscriptions: Number(Attributes.SubscriptionsConfirmed ?? 0),
      pendingSubscriptions: Number(Attributes.SubscriptionsPending ?? 0),
    };
  }

  /** Sends a test notice. Rejects with the SDK's error. */
  async notify(topicArn: string, signal: AbortSignal): Promise<void> {
    const Message = 'A test notice of "npm run probe -- --notify". Nothing is wrong.';
    const command = new PublishCommand({ TopicArn: topicArn, Subject: 'Headend: test notice', Message });
    await this.#client(topicArn).send(command, { abortSignal: signal });
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #client(topicArn: string): SNSClient {
    const region = topicArn.split(':')[3] ?? '';
    const known = this.#clients.get(region);
    if (known !== undefined) return known;
    const profile = this.#profile === null ? {} : { profile: this.#profile };
    const client = new SNSClient({ region, ...profile, requestHandler: REQUEST_LIMITS });
    this.#clients.set(region, client);
    return client;
  }
}
