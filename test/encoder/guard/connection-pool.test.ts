import { ConnectionPool, type PooledConnection } from '#encoder/guard/connection-pool.ts';

interface TestConnection extends PooledConnection {
  readonly name: string;
  isLive: boolean;
}

let pool: ConnectionPool<TestConnection>;
let evicted: string[];
beforeEach(() => {
  evicted = [];
  pool = new ConnectionPool({ maxConnections: 4, maxConnectionsPerAddress: 3 });
});

function add(name: string, network = name, isLive = false): TestConnection {
  const connection = { name, network, isLive, evict: () => evicted.push(name) };
  pool.add(connection);
  return connection;
}

test('a connection beyond the limit evicts the oldest one', () => {
  for (const name of ['a', 'b', 'c', 'd']) add(name);
  expect(evicted).toEqual([]);
  const e = { name: 'e', network: 'e', isLive: false, evict: () => undefined };
  expect(pool.add(e)?.name).toBe('a');
  expect(evicted).toEqual(['a']);
  expect([...pool.open].map(({ name }) => name)).toEqual(['b', 'c', 'd', 'e']);
});

test('the oldest connection of the busiest network is evicted, even for a newcomer of the same network', () => {
  add('a', 'quiet');
  add('b', 'crowd');
  add('c', 'crowd');
  add('d', 'other');
  add('e', 'new');
  expect(evicted).toEqual(['b']);
  add('f', 'other');
  expect(evicted).toEqual(['b', 'd']);
});

test('live publishers do not count towards the limit and are never evicted', () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) add(name, 'studio', true);
  for (const name of ['g', 'h', 'i', 'j']) add(name);
  expect(evicted).toEqual([]);
  add('k');
  expect(evicted).toEqual(['g']);
});

test('a connection that goes live makes room, and so does one that closes', () => {
  const [first, second] = [add('a'), add('b')];
  add('c');
  add('d');
  first.isLive = true;
  add('e');
  pool.delete(second);
  add('f');
  expect(evicted).toEqual([]);
});

test('the limit of a network counts all of its connections, live or not', () => {
  add('a', 'studio', true);
  add('b', 'studio');
  expect(pool.isFullFor('studio')).toBe(false);
  add('c', 'studio');
  expect(pool.isFullFor('studio')).toBe(true);
  expect(pool.isFullFor('elsewhere')).toBe(false);
});
