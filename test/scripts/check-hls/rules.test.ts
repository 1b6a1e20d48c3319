import { HLS_RULES } from '#scripts/check-hls/rules.ts';
import { StreamChecker } from '#scripts/check-hls/stream-checker.ts';
import { goodStream, type RecordedAnswer, UNANSWERED } from './good-stream.ts';
import { MUTATIONS } from './mutations.ts';

const RECORDED = goodStream();

/** Each test breaks a copy. */
function recorded(): RecordedAnswer[] {
  return RECORDED.map((answer) => ({ ...answer, body: Buffer.from(answer.body), headers: { ...answer.headers } }));
}

function check(answers: readonly RecordedAnswer[]) {
  const checker = new StreamChecker();
  for (const answer of answers) {
    if (answer.status === UNANSWERED) {
      checker.addUnanswered({ ...answer, reason: null });
      continue;
    }
    checker.add({ ...answer, headers: { 'content-length': String(answer.body.length), ...answer.headers } });
  }
  return checker.findings();
}

test('a stream that keeps to all rules has no findings', () => {
  expect(check(recorded())).toEqual([]);
});

test('every rule has one home and a way to break it', () => {
  const ids = HLS_RULES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(MUTATIONS).toSorted()).toEqual(ids.toSorted());
});

test.each(Object.entries(MUTATIONS))('%s is found when it is broken, and nothing else is', (id, mutate) => {
  const answers = recorded();
  mutate(answers);
  const findings = check(answers);
  expect([...new Set(findings.map(({ rule }) => rule))]).toEqual([id]);
});
