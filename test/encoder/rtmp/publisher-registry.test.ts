import { type Claimant, PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';

/** A claimant that counts its replacements. `close` closes it. */
function makeClaimant() {
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const state = { replacements: 0 };
  const claimant: Claimant = { closed, replace: () => void state.replacements++ };
  return { claimant, close: () => close(), state };
}

test('a claim replaces the former claimant and waits until that one is closed', async () => {
  const registry = new PublisherRegistry();
  const [former, next] = [makeClaimant(), makeClaimant()];
  await registry.claim('stream', former.claimant);
  let isClaimed = false;
  const claimed = registry.claim('stream', next.claimant).then(() => {
    isClaimed = true;
  });
  await new Promise(setImmediate);
  expect({ replacements: former.state.replacements, isClaimed }).toEqual({ replacements: 1, isClaimed: false });
  former.close();
  await claimed;
  expect(next.state.replacements).toBe(0);
});

test('a former claimant that releases late does not free the stream of its successor', async () => {
  const registry = new PublisherRegistry();
  const [first, second, third] = [makeClaimant(), makeClaimant(), makeClaimant()];
  for (const { close } of [first, second, third]) close();
  await registry.claim('stream', first.claimant);
  await registry.claim('stream', second.claimant);
  registry.release('stream', first.claimant);
  await registry.claim('stream', third.claimant);
  expect(second.state.replacements).toBe(1);
});

test('a stream that is free is claimed without replacing anybody', async () => {
  const registry = new PublisherRegistry();
  const [first, second] = [makeClaimant(), makeClaimant()];
  await registry.claim('stream', first.claimant);
  await registry.claim('other', second.claimant);
  registry.release('stream', first.claimant);
  await registry.claim('stream', second.claimant);
  expect(first.state.replacements).toBe(0);
});
