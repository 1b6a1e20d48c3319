import { AlarmTopics } from '../alarm-topics.ts';
import { notOffered, type ProbeCheck } from '../probe-check.ts';

const EXPECTED = 'CloudWatch may publish, and somebody has confirmed a subscription';

/** Each topic of the alarms takes CloudWatch's notices, and somebody gets them. */
export const alarmTopic: ProbeCheck = {
  name: 'alarm-topic',
  run: async ({ target: { alarms }, notifies, signal }) => {
    if (alarms === null) return notOffered(EXPECTED);
    const { topicArns } = alarms;
    const topics = new AlarmTopics(alarms.profile);
    try {
      const findings = await Promise.all(topicArns.map((arn) => topics.examine(arn, { notifies, signal })));
      const problems = findings.flatMap(({ problems: each }) => each);
      const sent = notifies ? '; a test notice was sent' : '';
      return {
        ok: topicArns.length > 0 && problems.length === 0,
        measured:
          topicArns.length === 0 ? 'the stacks have no output of topics' : problems.join('; ') || `${EXPECTED}${sent}`,
        expected: EXPECTED,
      };
    } finally {
      topics.close();
    }
  },
};
