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

test('takes in as many as it may have, and then one for another', () => {
  for (const name of ['a', 'b', 'c', 'd']) add(name);
  expect(evicted).toEqual([]);
  const e = { name: 'e', network: 'e', isLive: false, evict: () => undefined };
  expect(pool.add(e)?.name).toBe('a');
  expect(evicted).toEqual(['a']);
  expect([...pool.open].map(({ name }) => name)).toEqual(['b', 'c', 'd', 'e']);
});

test('it is the oldest of the most crowded network that goes, even for one of the same', () => {
  add('a', 'quiet');
  add('b', 'crowd');
  add('c', 'crowd');
  add('d', 'other');
  add('e', 'new');
  expect(evicted).toEqual(['b']);
  add('f', 'other');
  expect(evicted).toEqual(['b', 'd']);
});

test('live publishers take nobody their place and lose theirs to nobody', () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) add(name, 'studio', true);
  for (const name of ['g', 'h', 'i', 'j']) add(name);
  expect(evicted).toEqual([]);
  add('k');
  expect(evicted).toEqual(['g']);
});

test('one that has become live makes room, and so does one that has gone', () => {
  const [first, second] = [add('a'), add('b')];
  add('c');
  add('d');
  first.isLive = true;
  add('e');
  pool.delete(second);
  add('f');
  expect(evicted).toEqual([]);
});

test('a network has so many, live or not', () => {
  add('a', 'studio', true);
  add('b', 'studio');
  expect(pool.isFullFor('studio')).toBe(false);
  add('c', 'studio');
  expect(pool.isFullFor('studio')).toBe(true);
  expect(pool.isFullFor('elsewhere')).toBe(false);
});
