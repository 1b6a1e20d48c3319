import { digestOf, isSameStatus, isVersionOf, withVersion } from '#encoder/origin/status-version.ts';

const LIVE = { status: 'live', title: 'One' } as const;

test('equal bodies have one version, whichever task answers', () => {
  expect(withVersion({ ...LIVE }, null)).toEqual(withVersion(LIVE, null));
  expect(withVersion(LIVE, null).version).toMatch(/^[\w-]{8}\.0$/);
});

test('every change of a body is another version', () => {
  const bodies = [
    LIVE,
    { status: 'ended', title: 'One' },
    { ...LIVE, title: 'Two' },
    { ...LIVE, hasAudio: true },
  ] as const;
  expect(new Set(bodies.map((body) => withVersion(body, null).version)).size).toBe(bodies.length);
  for (const body of bodies) expect(isVersionOf(withVersion(LIVE, null).version, digestOf(body))).toBe(body === LIVE);
});

test('each wait in vain gives the same body another version, ten in turn', () => {
  const seen: string[] = [];
  for (let at = withVersion(LIVE, null).version; !seen.includes(at); at = withVersion(LIVE, at).version) seen.push(at);
  expect(seen).toHaveLength(10);
  for (const version of seen) expect(isVersionOf(version, digestOf(LIVE))).toBe(true);
});

test.each(['', '.', 'x.1', '.0', '%', '0'])('%p is no version', (after) => {
  expect(isVersionOf(after, digestOf(LIVE))).toBe(false);
  expect(withVersion(LIVE, after)).toEqual(withVersion(LIVE, null));
});

test('what somebody makes up after a digest is no version', () => {
  for (const waits of ['', 'x', '-5', '1e300', '10', '0.1', '0&after=1']) {
    const version = `${digestOf(LIVE)}.${waits}`;
    expect(isVersionOf(version, digestOf(LIVE))).toBe(false);
    expect(withVersion(LIVE, version)).toEqual(withVersion(LIVE, null));
  }
});

test('only a status is the same as one', () => {
  const { version, ...body } = withVersion(LIVE, null);
  const answer = { status: 200, headers: {}, body: [Buffer.from(JSON.stringify({ ...body, version }))] };
  expect(isSameStatus(answer, version)).toBe(true);
  expect(isSameStatus(answer, withVersion({ status: 'idle' }, null).version)).toBe(false);
  expect(isSameStatus({ ...answer, status: 503, body: [Buffer.from('busy')] }, version)).toBe(false);
});
