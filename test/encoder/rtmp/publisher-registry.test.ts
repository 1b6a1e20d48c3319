import { type Claimant, PublisherRegistry } from '#encoder/rtmp/publisher-registry.ts';

const STREAM = { streamId: 'stream' };

let claimants = 0;

/** A claimant that counts its replacements, and is closed by `close`. */
function makeClaimant(remoteAddress = '192.0.2.1') {
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const state = { replacements: 0, refusedAddresses: [] as string[], lastTagAtMs: null as number | null };
  claimants += 1;
  const claimant: Claimant = {
    id: `claimant ${claimants}`,
    closed,
    remoteAddress,
    get lastTagAtMs() {
      return state.lastTagAtMs;
    },
    replace: () => {
      state.replacements += 1;
    },
    onContested: (refusedAddress) => state.refusedAddresses.push(refusedAddress),
  };
  return { claimant, close: () => close(), state };
}

let nowMs = 1_700_000_000_000;

test('a claim replaces the former claimant and waits until that one is closed', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  const [former, next] = [makeClaimant(), makeClaimant()];
  await registry.claim(STREAM, former.claimant);
  let isClaimed = false;
  const claimed = registry.claim(STREAM, next.claimant).then(() => {
    isClaimed = true;
  });
  await new Promise(setImmediate);
  expect({ replacements: former.state.replacements, isClaimed }).toEqual({ replacements: 1, isClaimed: false });
  former.close();
  await claimed;
  expect(next.state.replacements).toBe(0);
});

test('a former claimant that releases late does not free the stream of its successor', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  const [first, second, third] = [makeClaimant(), makeClaimant(), makeClaimant()];
  for (const { close } of [first, second, third]) close();
  await registry.claim(STREAM, first.claimant);
  await registry.claim(STREAM, second.claimant);
  registry.release(STREAM, first.claimant);
  await registry.claim(STREAM, third.claimant);
  expect(second.state.replacements).toBe(1);
});

test('a stream that is free is claimed without replacing anybody', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  const [first, second] = [makeClaimant(), makeClaimant()];
  await registry.claim(STREAM, first.claimant);
  await registry.claim({ streamId: 'other' }, second.claimant);
  registry.release(STREAM, first.claimant);
  await registry.claim(STREAM, second.claimant);
  expect(first.state.replacements).toBe(0);
});

/** A claimant that is closed as soon as it is replaced. */
function makeClosing(remoteAddress?: string) {
  const claimant = makeClaimant(remoteAddress);
  claimant.close();
  return claimant;
}

/** Publishes on air, one after the other, each replacing the one before it. Returns the last one. */
async function takeTurns(registry: PublisherRegistry, count: number, apartMs: number, silentMs = 0) {
  let onAir = makeClosing();
  await registry.claim(STREAM, onAir.claimant);
  for (let turn = 0; turn < count; turn += 1) {
    onAir.state.lastTagAtMs = nowMs + apartMs - silentMs;
    nowMs += apartMs;
    const next = makeClosing();
    await registry.claim(STREAM, next.claimant);
    onAir = next;
  }
  nowMs += 1_000;
  onAir.state.lastTagAtMs = nowMs;
  return onAir;
}

const isRefused = (registry: PublisherRegistry, address?: string): Promise<boolean> =>
  registry.claim(STREAM, makeClosing(address).claimant).then(
    () => false,
    (error: Error) => error.message.includes('Another encoder'),
  );

test('after three takeovers in a minute the one on air stays, and the other is refused until it gives up for 30 s', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  const onAir = await takeTurns(registry, 3, 5_000);
  for (let tries = 0; tries < 10; tries += 1) {
    expect(await isRefused(registry, '192.0.2.2')).toBe(true);
    nowMs += 20_000;
    onAir.state.lastTagAtMs = nowMs;
  }
  expect(onAir.state).toMatchObject({ replacements: 0, refusedAddresses: Array(10).fill('192.0.2.2') });
  nowMs += 11_000;
  onAir.state.lastTagAtMs = nowMs;
  expect(await isRefused(registry)).toBe(false);
});

test('takeovers count however fast they follow each other', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  await takeTurns(registry, 3, 10);
  expect(await isRefused(registry)).toBe(true);
});

test('three takeovers in more than a minute are none too many', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  await takeTurns(registry, 4, 31_000);
  expect(await isRefused(registry)).toBe(false);
});

test('a connection that is silent is replaced as often as its encoder comes back, also in a contest', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  const last = await takeTurns(registry, 10, 5_000, 2_000);
  registry.release(STREAM, last.claimant);
  const onAir = await takeTurns(registry, 3, 1_000);
  expect(await isRefused(registry)).toBe(true);
  nowMs += 2_000;
  expect(await isRefused(registry)).toBe(false);
  expect(onAir.state.replacements).toBe(1);
});

test('takeovers that another task has counted count here, and the same one once', async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  const first = await takeTurns(registry, 1, 10_000);
  const [{ publisherId } = { publisherId: '' }] = registry.takeovers.of('stream');
  registry.takeovers.learn('stream', [
    { publisherId: 'other', ageMs: 1_100 },
    { publisherId, ageMs: 1_100 },
  ]);
  expect(registry.takeovers.of('stream')).toEqual([
    { publisherId: 'other', ageMs: 1_100 },
    { publisherId, ageMs: 1_000 },
  ]);
  nowMs += 5_000;
  first.state.lastTagAtMs = nowMs;
  const onAir = makeClosing();
  await registry.claim(STREAM, onAir.claimant);
  onAir.state.lastTagAtMs = nowMs + 1_000;
  nowMs += 1_000;
  expect(await isRefused(registry)).toBe(true);
});

test("a stream's backup is claimed beside its primary publisher", async () => {
  const registry = new PublisherRegistry({ now: () => nowMs });
  const [primary, backup, next] = [makeClaimant(), makeClaimant(), makeClaimant()];
  backup.close();
  await registry.claim({ streamId: 'stream', ingest: 'primary' }, primary.claimant);
  await registry.claim({ streamId: 'stream', ingest: 'backup' }, backup.claimant);
  await registry.claim({ streamId: 'stream', ingest: 'backup' }, next.claimant);
  expect([primary.state.replacements, backup.state.replacements]).toEqual([0, 1]);
});
