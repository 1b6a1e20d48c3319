import { errorMessage } from '#scripts/terminal/errors.ts';
import { AlarmTopics, type TopicFacts } from '../alarm-topics.ts';
import { notOffered, type ProbeCheck, type ProbeOutcome } from '../probe-check.ts';
import type { ProbeContext } from '../probe-context.ts';
import type { ProbedAlarms } from '../probe-target.ts';

const EXPECTED = 'CloudWatch may publish, and somebody gets it';

/** Each topic of the alarms takes CloudWatch's notices, and somebody has confirmed to get them. */
export const alarmTopic: ProbeCheck = {
  name: 'alarm-topic',
  run: async (context) => {
    const { alarms } = context.target;
    if (alarms === null) return notOffered(EXPECTED);
    const topics = new AlarmTopics(alarms.profile);
    try {
      return await examine(topics, alarms, context);
    } catch (cause) {
      // The SDK's messages say what is wrong only together with their names.
      throw new Error(`${cause instanceof Error ? cause.name : 'Error'}: ${errorMessage(cause)}`, { cause });
    } finally {
      topics.close();
    }
  },
};

async function examine(
  topics: AlarmTopics,
  { topicArns, hasRecipient }: ProbedAlarms,
  { notifies, signal }: ProbeContext,
): Promise<ProbeOutcome> {
  const facts = await Promise.all(topicArns.map((arn) => topics.read(arn, signal)));
  if (notifies) await Promise.all(topicArns.map((arn) => topics.notify(arn, signal)));
  const problems = facts.flatMap((each) => problemsOf(each, hasRecipient));
  if (facts.length === 0) problems.push('the stacks have no output AlarmTopicArn');
  if (problems.length > 0) return { ok: false, measured: problems.join('; '), expected: EXPECTED };
  const unheard = facts.filter(({ confirmedSubscriptions }) => confirmedSubscriptions === 0);
  if (unheard.length > 0) {
    return { ok: null, measured: 'CloudWatch may publish; the stage has no alarmEmail', expected: EXPECTED };
  }
  return { ok: true, measured: notifies ? `${EXPECTED}; a test notice was sent` : EXPECTED, expected: EXPECTED };
}

function problemsOf(facts: TopicFacts, hasRecipient: boolean): string[] {
  const { name, takesAlarms, confirmedSubscriptions, pendingSubscriptions } = facts;
  const isUnconfirmed = confirmedSubscriptions === 0 && pendingSubscriptions > 0;
  const isUnheard = confirmedSubscriptions === 0 && pendingSubscriptions === 0 && hasRecipient;
  return [
    ...(takesAlarms ? [] : [`the policy of ${name} does not let CloudWatch publish`]),
    ...(isUnconfirmed ? [`nobody has confirmed the subscription to ${name}`] : []),
    ...(isUnheard ? [`nobody has subscribed to ${name}`] : []),
  ];
}
