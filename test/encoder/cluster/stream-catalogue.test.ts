import pino from 'pino';
import { StreamCatalogue } from '#encoder/cluster/stream-catalogue.ts';
import type { CataloguedStream } from '#runtime/stream-index.ts';

const ID = 'abcdefghij234567';

/** A catalogue whose streams the test changes, and whose clock it moves. */
function makeCatalogue() {
  const state = {
    nowMs: 1_000_000,
    lookups: 0,
    stream: null as CataloguedStream | null,
    error: null as Error | null,
    isStuck: false,
  };
  const catalogue = new StreamCatalogue({
    index: {
      find: async () => {
        state.lookups += 1;
        if (state.isStuck) await new Promise(() => undefined);
        if (state.error !== null) throw state.error;
        return state.stream;
      },
    },
    now: () => state.nowMs,
    log: pino({ level: 'silent' }),
  });
  return { state, catalogue };
}

test('an id that nobody has costs one look-up a second, however many ask', async () => {
  const { state, catalogue } = makeCatalogue();
  const asked = Array.from({ length: 1_000 }, () => catalogue.find(ID));
  expect(new Set(await Promise.all(asked))).toEqual(new Set([null]));
  state.nowMs += 999;
  await catalogue.find(ID);
  expect(state.lookups).toBe(1);
  state.nowMs += 2;
  state.stream = { title: 'New' };
  expect(await catalogue.find(ID)).toEqual({ title: 'New' });
  expect(state.lookups).toBe(2);
});

test('a store that does not answer says nothing of what was not there, and keeps what was', async () => {
  const { state, catalogue } = makeCatalogue();
  await catalogue.find(ID);
  state.error = new Error('unreachable');
  state.nowMs += 2_000;
  await expect(catalogue.find(ID)).rejects.toThrow();
  state.error = null;
  state.stream = { title: 'New' };
  await catalogue.find(ID);
  state.error = new Error('unreachable');
  state.nowMs += 60_000;
  expect(await catalogue.find(ID)).toEqual({ title: 'New' });
});

test('a store that is slow, or does not answer, keeps nobody waiting for a title that is known', async () => {
  const { state, catalogue } = makeCatalogue();
  state.stream = { title: 'First' };
  expect(await catalogue.known(ID)).toEqual({ title: 'First' });
  state.stream = { title: 'Second' };
  expect(await catalogue.known(ID)).toEqual({ title: 'First' });
  state.nowMs += 6_000;
  expect(await catalogue.known(ID)).toEqual({ title: 'Second' });
  state.error = new Error('unreachable');
  state.nowMs += 6_000;
  expect(await catalogue.known(ID)).toEqual({ title: 'Second' });
  expect(await catalogue.known('another')).toBeUndefined();
  state.isStuck = true;
  expect(await catalogue.known(ID)).toEqual({ title: 'Second' });
});

test('only so many look-ups run at once', async () => {
  const { catalogue } = makeCatalogue();
  const answers = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => catalogue.find(`id-${index}`)));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(64);
});
