import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { generateSecret } from '#domain/stream-ids.ts';
import { ALLOWED_SOURCES_LIMIT } from '#domain/streams.ts';
import { documentClientFor } from '#kit/temporary-dynamodb.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { startControlApi } from '#test/support/control-api.ts';
import { type ApiWithDatabase, startApiWithDatabase } from './api-with-database.ts';

let api: ApiWithDatabase;

beforeAll(async () => {
  api = await startApiWithDatabase();
});
afterAll(() => api.close());

const authorization = () => ({ Authorization: `Bearer ${api.tokens[0]}` });
const json = { 'Content-Type': 'application/json' };

async function expectProblem(response: Response, status: number) {
  expect(response.status).toBe(status);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  const problem = await response.json();
  expect(problem).toMatchObject({ type: 'about:blank', title: expect.any(String), status });
  return problem;
}

/** Posts any text as a JSON body. */
const post = (body: string, headers: Record<string, string> = json) =>
  fetch(`${api.url}/api/streams`, { method: 'POST', headers: { ...authorization(), ...headers }, body });

test('health needs no token', async () => {
  const response = await fetch(`${api.url}/api/health`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'ok' });
  expect((await fetch(`${api.url}/api/health`, { method: 'HEAD' })).status).toBe(200);
});

test('the OpenAPI document has every route, its security and its errors', async () => {
  const response = await fetch(`${api.url}/api/openapi.json`);
  expect(response.status).toBe(200);
  const document = await response.json();
  expect(document.openapi).toBe('3.1.0');
  const operations = Object.entries<object>(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method} ${path}`),
  );
  expect(operations.sort()).toEqual([
    'delete /api/invites/{id}',
    'delete /api/sessions/{id}',
    'delete /api/streams/{id}',
    'delete /api/streams/{id}/backup-key',
    'delete /api/streams/{id}/slate-image',
    'delete /api/tokens/{id}',
    'get /api/audit',
    'get /api/health',
    'get /api/invites',
    'get /api/sessions',
    'get /api/sessions/current',
    'get /api/sign-in',
    'get /api/sign-in/oidc',
    'get /api/sign-in/oidc/callback',
    'get /api/streams',
    'get /api/streams/{id}',
    'get /api/streams/{id}/events',
    'get /api/streams/{id}/purges/{purgeId}',
    'get /api/streams/{id}/slate-image',
    'get /api/streams/{id}/trace',
    'get /api/tasks',
    'get /api/tokens',
    'patch /api/streams/{id}',
    'post /api/invites',
    'post /api/sessions',
    'post /api/streams',
    'post /api/streams/{id}/backup-key',
    'post /api/streams/{id}/golive',
    'post /api/streams/{id}/key',
    'post /api/streams/{id}/preview-tokens',
    'post /api/streams/{id}/purge',
    'post /api/streams/{id}/stop',
    'post /api/streams/{id}/viewer-tokens',
    'post /api/tasks/{id}/drain',
    'post /api/tokens',
    'put /api/streams/{id}/slate-image',
  ]);
  expect(document.components.securitySchemes).toEqual({
    adminToken: { type: 'http', scheme: 'bearer' },
    session: { type: 'apiKey', in: 'cookie', name: '__Host-headend-session', description: expect.any(String) },
  });
  const { post: create } = document.paths['/api/streams'];
  expect(create.security).toEqual([{ adminToken: ['streams:write'] }, { session: ['streams:write'] }]);
  expect(create['x-roles']).toEqual(['owner', 'producer', 'broadcaster']);
  expect(Object.keys(create.responses)).toEqual(['201', '400', '401', '403', '409', '413', '415', '422', '429', '503']);
  expect(document.components.schemas.CreateStream).toMatchObject({ additionalProperties: false });
});

describe('admin tokens', () => {
  test('every known token is accepted, and the scheme is case-insensitive', async () => {
    for (const [index, scheme] of [
      [0, 'Bearer'],
      [1, 'bearer'],
    ] as const) {
      const headers = { Authorization: `${scheme} ${api.tokens[index]}` };
      expect((await fetch(`${api.url}/api/streams`, { headers })).status).toBe(200);
    }
  });

  test.each([
    ['no header', () => undefined],
    ['an empty header', () => ''],
    ['a scheme alone', () => 'Bearer'],
    ['a scheme and a space', () => 'Bearer '],
    ['another scheme', () => `Basic ${api.tokens[0]}`],
    ['no scheme', () => api.tokens[0]],
    ['an unknown token', () => `Bearer ${api.tokens[0].split('').reverse().join('')}`],
    ['part of a token', () => `Bearer ${api.tokens[0].slice(0, -1)}`],
    ['two tokens', () => `Bearer ${api.tokens[0]} ${api.tokens[1]}`],
    ['two tokens with a comma', () => `Bearer ${api.tokens[0]},${api.tokens[1]}`],
    ['characters beyond ASCII', () => 'Bearer \u00e9'],
  ])('%s is refused on every route', async (_name, value) => {
    const authorizationHeader = value();
    const headers = authorizationHeader === undefined ? {} : { Authorization: authorizationHeader };
    for (const [method, path] of [
      ['GET', '/api/streams'],
      ['POST', '/api/streams'],
      ['GET', '/api/streams/aaaaaaaaaaaaaaaa'],
      ['DELETE', '/api/streams/aaaaaaaaaaaaaaaa'],
    ] as const) {
      const response = await fetch(`${api.url}${path}`, { method, headers });
      await expectProblem(response, 401);
      expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer/);
    }
  });
});

describe('paths and methods', () => {
  test.each(['/', '/api', '/api/', '/api/unknown', '/api/streams/', '//api/streams', '/api/streams/a/b', '/api/%ff'])(
    '%s is not found',
    async (path) => {
      await expectProblem(await fetch(`${api.url}${path}`, { headers: authorization() }), 404);
    },
  );

  test.each([
    'aaaaaaaaaaaaaaaa',
    'unknown',
    'AAAAAAAAAAAAAAAA',
    'a'.repeat(3000),
    '%00',
    '%ff',
    '..%2f..',
    '%F0%9F%8E%A5',
    '*',
  ])('a stream with id %s is not found', async (id) => {
    const response = await fetch(`${api.url}/api/streams/${id}`, { headers: authorization() });
    expect(await expectProblem(response, 404)).toMatchObject({ detail: 'There is no stream with this id.' });
  });

  test.each([
    ['PUT', '/api/streams', 'POST, GET, HEAD'],
    ['DELETE', '/api/streams', 'POST, GET, HEAD'],
    ['OPTIONS', '/api/streams', 'POST, GET, HEAD'],
    ['PUT', '/api/streams/aaaaaaaaaaaaaaaa', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/api/streams/aaaaaaaaaaaaaaaa/key', 'POST'],
    ['DELETE', '/api/tokens', 'POST, GET, HEAD'],
    ['POST', '/api/tasks', 'GET, HEAD'],
    ['GET', '/api/tasks/1-3fa9c2/drain', 'POST'],
    ['POST', '/api/docs', 'GET, HEAD'],
    ['POST', '/api/health', 'GET, HEAD'],
    ['POST', '/api/openapi.json', 'GET, HEAD'],
  ])('%s %s is not allowed', async (method, path, allow) => {
    const response = await fetch(`${api.url}${path}`, { method, headers: authorization() });
    await expectProblem(response, 405);
    expect(response.headers.get('Allow')).toBe(allow);
  });

  test.each([
    ['TRACE /api/streams', 405],
    ['GET http://127.0.0.1/api/health', 400],
    ['OPTIONS *', 400],
  ])('%s, which no browser sends, gets a problem too', async (requestLine, status) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.end(`${requestLine} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    await once(socket, 'close');
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json`));
  });

  test('the content of a GET is ignored', async () => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.end('GET /api/health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
    const [answer] = await once(socket.setEncoding('utf8'), 'data');
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });
});

describe('bodies', () => {
  test.each(['', '{', '{"title":', "{'title':1}", 'title=a', '\u0000', '{"title":"a"}}'])(
    '%j is not JSON',
    async (body) => {
      await expectProblem(await post(body), 400);
    },
  );

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'application/jsonx',
    'json',
    'a',
  ])('content type %s is not supported', async (type) => {
    await expectProblem(await post('{}', { 'Content-Type': type }), 415);
  });

  test('a body without a content type is not supported', async () => {
    const body = new Blob(['{}']).stream();
    const init = { method: 'POST', headers: authorization(), body, duplex: 'half' } as RequestInit;
    await expectProblem(await fetch(`${api.url}/api/streams`, init), 415);
  });

  const withBytes = (bytes: number) => `{"title":"a"${' '.repeat(bytes - 13)}}`;

  test('a body of 16 KiB is accepted', async () => {
    expect((await post(withBytes(16 * 1024))).status).toBe(201);
  });

  test.each([16 * 1024 + 1, 1024 * 1024 + 1])('a body of %d bytes is too large', async (bytes) => {
    await expectProblem(await post(withBytes(bytes)), 413);
  });

  test.each([
    [null, ['']],
    [[], ['']],
    ['text', ['']],
    [7, ['']],
    [{ title: 7 }, ['title']],
    [{ title: null }, ['title']],
    [{ title: '' }, ['title']],
    [{ title: '   ' }, ['title']],
    [{ title: 'a'.repeat(201) }, ['title']],
    [{ title: 'line\nfeed' }, ['title']],
    [{ title: '\u0000' }, ['title']],
    [{ title: '\ud800' }, ['title']],
    [{ title: 'invoice \u202egnp.exe' }, ['title']],
    [{ title: ['a'] }, ['title']],
    [{ description: 'a'.repeat(2_001) }, ['description']],
    [{ description: 'a\tb' }, ['description']],
    [{ description: 'a\u202eb' }, ['description']],
    [{ description: null }, ['description']],
    [{ category: 'a'.repeat(51) }, ['category']],
    [{ category: '' }, ['category']],
    [{ category: 'a\nb' }, ['category']],
    [{ listed: null }, ['listed']],
    [{ listed: 'yes' }, ['listed']],
    [{ ladder: '4k' }, ['ladder']],
    [{ ladder: '720P' }, ['ladder']],
    [{ ladder: null }, ['ladder']],
    [{ ladder: 720 }, ['ladder']],
    [{ latency: 'lowest' }, ['latency']],
    [{ latency: {} }, ['latency']],
    [{ latency: 'toString' }, ['latency']],
    [{ playback: 'private' }, ['playback']],
    [{ playback: true }, ['playback']],
    [{ id: 'aaaaaaaaaaaaaaaa' }, ['id']],
    [{ streamKey: 'mine', keyHash: 'mine' }, ['streamKey', 'keyHash']],
    [{ title: 7, ladder: 7, latency: 7, playback: 7, more: 7 }, ['title', 'ladder', 'latency', 'playback', 'more']],
  ])('%j is invalid in %j', async (body, fields) => {
    const problem = await expectProblem(await post(JSON.stringify(body)), 422);
    expect(problem.errors.map(({ field }: { field: string }) => field)).toEqual(fields);
    for (const field of fields) expect(problem.detail).toContain(field || 'body');
  });

  test.each([
    [{ ladder: '999p' }, 'ladder: Must be one of 2160p, 1440p, 1080p, 720p, 480p, 360p, not "999p"'],
    [{ title: ' ' }, 'title: Must not be empty'],
    [{ title: 'a'.repeat(201) }, 'title: Must have at most 200 characters, not 201'],
    [{ title: 5 }, 'title: Must be text in quotes, not 5'],
    [{ title: 'a\u0000' }, 'title: Must not contain control characters'],
    [{ latency: null }, 'latency: Must be one of ultra, low, standard, not null'],
    [
      { notBefore: 'tomorrow' },
      'notBefore: Must be a moment with its time zone, such as 2030-01-31T18:00:00Z, not "tomorrow"',
    ],
    [
      { notBefore: '2031-01-01T00:00:00Z', notAfter: '2030-01-01T00:00:00Z' },
      'notAfter: Must be after notBefore (2031-01-01T00:00:00.000Z), not 2030-01-01T00:00:00.000Z',
    ],
    [
      { allowedSources: ['203.0.113.1', '10.0.0.0/33'] },
      'allowedSources.1: Must be an address or a CIDR block such as 203.0.113.0/24, not "10.0.0.0/33"',
    ],
    [{ allowedSources: '203.0.113.1' }, 'allowedSources: Must be a list in brackets, not "203.0.113.1"'],
    [
      { allowedSources: Array(ALLOWED_SOURCES_LIMIT + 1).fill('203.0.113.1') },
      `allowedSources: Must have at most ${ALLOWED_SOURCES_LIMIT} entries, not ${ALLOWED_SOURCES_LIMIT + 1}`,
    ],
    [{ playback: { toString: 1 } }, 'playback: Must be one of public, token, not an object'],
    [[], 'body: Must be a JSON object, not a list'],
  ])('%j is refused in plain words', async (body, detail) => {
    expect((await expectProblem(await post(JSON.stringify(body)), 422)).detail).toBe(detail);
  });

  test('a field named __proto__ is an unknown field', async () => {
    const problem = await expectProblem(await post('{"__proto__":{"ladder":"2160p"}}'), 422);
    expect(problem.errors).toEqual([{ field: '__proto__', detail: 'Unknown field' }]);
  });
});

test.each([
  ['limit=0', 'limit: Must be at least 1, not "0"'],
  ['limit=many', 'limit: Must be a number, not "many"'],
  ['limit=1.5', 'limit: Must be a whole number, not "1.5"'],
])('?%s is refused in plain words', async (query, detail) => {
  const response = await fetch(`${api.url}/api/streams?${query}`, {
    headers: { Authorization: `Bearer ${api.tokens[0]}` },
  });
  expect((await expectProblem(response, 422)).detail).toBe(detail);
});

test.each([
  ['limit=0', 'limit'],
  ['limit=101', 'limit'],
  ['limit=-1', 'limit'],
  ['limit=1.5', 'limit'],
  ['limit=many', 'limit'],
  ['limit=', 'limit'],
  ['limit=1&limit=2', 'limit'],
  ['cursor=', 'cursor'],
  ['cursor=unknown', 'cursor'],
  ['cursor=%00', 'cursor'],
])('the query %s is invalid', async (query, field) => {
  const problem = await expectProblem(
    await fetch(`${api.url}/api/streams?${query}`, { headers: authorization() }),
    422,
  );
  expect(problem.errors).toEqual([{ field, detail: expect.any(String) }]);
});

describe('a database that', () => {
  const servers: ListeningServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  async function startDatabase(answer: (response: ServerResponse) => void): Promise<string> {
    const server = await listenOnLoopback(createServer((_request, response) => answer(response)));
    servers.push(server);
    return server.url;
  }

  /** Requests streams from an API on this database. Returns the problem and the log. */
  async function ask(databaseUrl: string, status: number) {
    const client = documentClientFor(databaseUrl);
    const broken = await startControlApi(client);
    const headers = { Authorization: `Bearer ${broken.tokens[0]}` };
    const response = await fetch(`${broken.url}/api/streams`, { headers });
    const problem = await expectProblem(response, status);
    await broken.close();
    client.destroy();
    expect(broken.logLines.join()).not.toContain(broken.tokens[0]);
    return { problem, retryAfter: response.headers.get('Retry-After'), logged: broken.logLines.join() };
  }

  const fail = (status: number, type: string) => (response: ServerResponse) =>
    response.writeHead(status).end(JSON.stringify({ __type: `com.amazonaws.dynamodb#${type}` }));

  test.each([
    ['is unreachable', async () => 'http://127.0.0.1:1'],
    ['hangs up', () => startDatabase((response) => response.socket?.destroy())],
    ['does not answer with JSON', () => startDatabase((response) => response.writeHead(502).end('<html>'))],
    ['has an internal error', () => startDatabase(fail(500, 'InternalServerError'))],
    ['is throttling', () => startDatabase(fail(400, 'ThrottlingException'))],
    ['is out of capacity', () => startDatabase(fail(400, 'ProvisionedThroughputExceededException'))],
  ])('%s causes a 503 with Retry-After', async (_name, start) => {
    const { problem, retryAfter, logged } = await ask(await start(), 503);
    expect(problem.detail).toBe('The database did not answer; try again.');
    expect(retryAfter).toBe('5');
    expect(logged).toContain('request failed');
  });

  test('refuses the request causes a 500 whose details are only logged', async () => {
    const { problem, logged } = await ask(await startDatabase(fail(400, 'ValidationException')), 500);
    expect(problem).toEqual({ type: 'about:blank', title: 'Internal Server Error', status: 500 });
    expect(logged).toContain('ValidationException');
  });

  test('is unreachable causes a 503 for a token that may be in the table', async () => {
    const client = documentClientFor('http://127.0.0.1:1');
    const broken = await startControlApi(client);
    const headers = { Authorization: `Bearer ${generateSecret(randomBytes)}` };
    await expectProblem(await fetch(`${broken.url}/api/streams`, { headers }), 503);
    await broken.close();
    client.destroy();
  });
});
