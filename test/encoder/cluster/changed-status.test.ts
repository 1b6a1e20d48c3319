import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import { changedStatus } from '#encoder/cluster/changed-status.ts';
import type { OriginResponse } from '#encoder/origin/origin-response.ts';
import { withVersion } from '#encoder/origin/status-version.ts';
import { StatusWaits } from '#encoder/origin/status-waits.ts';

const IDLE = withVersion({ status: 'idle' }, null);

const answerOf = (body: PlaybackStatusBody): OriginResponse => ({
  ...{ status: 200, headers: {} },
  body: [Buffer.from(JSON.stringify(withVersion(body, null)))],
});

/** Asks with the version of an idle stream. `elsewhere` are the answers in turn. Returns the answer, and how often others were asked. */
async function ask(elsewhere: readonly OriginResponse[], isHere: () => boolean = () => false, limitMs?: number) {
  const { signal } = new AbortController();
  let asked = 0;
  const request = { method: 'GET', url: '', headers: {}, acceptsGzip: false, signal } as const;
  const target = { kind: 'status', playbackId: 'id', after: IDLE.version } as const;
  const answer = await changedStatus(target, IDLE.version, request, {
    waits: new StatusWaits(limitMs === undefined ? {} : { limitMs }),
    isHere,
    isHeld: () => false,
    answerHere: async () => answerOf({ status: 'live', title: 'here' }),
    answerElsewhere: async () => elsewhere[Math.min(asked++, elsewhere.length - 1)] as OriginResponse,
  });
  return { asked, text: 'body' in answer ? Buffer.concat(answer.body).toString() : '' };
}

test('the answer is another status, or none at all', async () => {
  expect(await ask([answerOf({ status: 'live' })])).toMatchObject({ asked: 1, text: expect.stringContaining('live') });
  const failure = { status: 503, headers: {}, body: [Buffer.from('the store is away')] };
  expect(await ask([failure])).toEqual({ asked: 1, text: 'the store is away' });
});

test('a stream that begins on another task is found', async () => {
  const answers = [answerOf({ status: 'idle' }), answerOf({ status: 'live' })];
  expect(await ask(answers)).toMatchObject({ asked: 2, text: expect.stringContaining('live') });
});

test('a store that is away for a while changes nothing', async () => {
  const away = { status: 503, headers: {}, body: [Buffer.from('the store is away')] };
  const answers = [answerOf({ status: 'idle' }), away, answerOf({ status: 'live' })];
  expect(await ask(answers)).toMatchObject({ asked: 3, text: expect.stringContaining('live') });
  expect((await ask([answerOf({ status: 'idle' }), away], () => false, 700)).text).toContain('idle');
});

test('a stream that begins here is answered here, without another look', async () => {
  let looks = 0;
  const isHere = (): boolean => ++looks > 1;
  expect(await ask([answerOf({ status: 'idle' })], isHere)).toMatchObject({
    ...{ asked: 1, text: expect.stringContaining('here') },
  });
});

test('after a while, the answer is the same status', async () => {
  expect((await ask([answerOf({ status: 'idle' })], () => false, 1)).text).toContain('idle');
});
