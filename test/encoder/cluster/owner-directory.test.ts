import pino from 'pino';
import type { HeldStream } from '#domain/streams.ts';
import { OwnerDirectory } from '#encoder/cluster/owner-directory.ts';
import { makeBroadcastState, makeStreamHolder } from '#kit/stream-record.ts';
import { StoreUnavailableError } from '#runtime/store-unavailable.ts';

const HELD: HeldStream = {
  ...{ streamId: 'stream', epoch: 1_000, leaseUntilMs: 0, broadcast: makeBroadcastState(), requestedEnd: null },
  holder: makeStreamHolder({ playbackId: 'playback' }),
};

/** A directory whose store gives that answer, and then can't be reached. */
async function cutOffAfter(answer: HeldStream | null): Promise<OwnerDirectory> {
  let nowMs = 1_000;
  let isReachable = true;
  const directory = new OwnerDirectory({
    store: {
      findHeld: async () => {
        if (!isReachable) throw new StoreUnavailableError('not reached');
        return answer;
      },
    },
    ...{ now: () => nowMs, log: pino({ level: 'silent' }) },
  });
  expect(await directory.find('playback')).toEqual(answer);
  isReachable = false;
  nowMs += 60_000;
  // The cache reads its clock once a millisecond.
  await new Promise((resolve) => setTimeout(resolve, 5));
  return directory;
}

test('while the store can not be reached, the last known holder is the holder', async () => {
  const directory = await cutOffAfter(HELD);
  expect(await directory.find('playback')).toEqual(HELD);
  expect(await directory.refresh('playback')).toEqual(HELD);
});

test('while the store can not be reached, a stream that nobody held before is not said to have no holder', async () => {
  const directory = await cutOffAfter(null);
  await expect(directory.find('playback')).rejects.toThrow(StoreUnavailableError);
  await expect(directory.refresh('playback')).rejects.toThrow(StoreUnavailableError);
});
