import { GetTopicAttributesCommand, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mayCloudWatchPublish } from './topic-policy.ts';

export interface TopicFinding {
  /** One line for each reason why notices would not reach anybody. */
  readonly problems: readonly string[];
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

  /** Reads a topic, and sends it a test notice if asked to. Rejects with the SDK's error. */
  async examine(
    topicArn: string,
    { notifies, signal }: { readonly notifies: boolean; readonly signal: AbortSignal },
  ): Promise<TopicFinding> {
    const [, , , region = '', account = '', name = ''] = topicArn.split(':');
    const client = this.#client(region);
    const options = { abortSignal: signal };
    const { Attributes = {} } = await client.send(new GetTopicAttributesCommand({ TopicArn: topicArn }), options);
    const problems: string[] = [];
    if (!mayCloudWatchPublish(Attributes.Policy ?? '', account)) {
      problems.push(`the policy of ${name} does not let CloudWatch publish`);
    }
    if (Number(Attributes.SubscriptionsConfirmed ?? 0) === 0) {
      const pending = Number(Attributes.SubscriptionsPending ?? 0);
      problems.push(`${name} has no confirmed subscription${pending > 0 ? `, ${pending} are not confirmed yet` : ''}`);
    }
    if (notifies) {
      const Message = 'A test notice of "npm run probe -- --notify". Nothing is wrong.';
      await client.send(new PublishCommand({ TopicArn: topicArn, Subject: 'Headend: test notice', Message }), options);
    }
    return { problems };
  }

  close(): void {
    for (const client of this.#clients.values()) client.destroy();
  }

  #client(region: string): SNSClient {
    const known = this.#clients.get(region);
    if (known !== undefined) return known;
    const profile = this.#profile === null ? {} : { profile: this.#profile };
    const client = new SNSClient({ region, ...profile, requestHandler: REQUEST_LIMITS });
    this.#clients.set(region, client);
    return client;
  }
}
