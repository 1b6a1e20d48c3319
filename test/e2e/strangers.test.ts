import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { generateSecret, hashSecret, secretId } from '#domain/stream-ids.ts';
import { launchBrowser, type TestBrowser } from '#kit/browser.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '#scripts/local/aws-environment.ts';
import { type ListeningServer, listenOnLoopback } from '#scripts/local/http-server.ts';
import { LOCAL_TABLE_NAMES } from '#scripts/local/local-tables.ts';
import { type EventReader, followEvents } from '#test/support/event-reader.ts';
import { awsAttempts, FORGED_EVENT_ID } from '#test/support/local-aws-attempts.ts';
import { type StrangersRequest, tryAsOtherUser } from '#test/support/other-user.ts';
import { closeTestPlatforms, startTestPlatform, type TestPlatform } from '#test/support/platform.ts';
import { listeningPortsOf, processTree } from '#test/support/processes.ts';

/**
 * What strangers on this machine can do to a platform that runs: another user, and a page of a foreign site in its
 * user's browser. Both can connect to every port.
 */

const EVIL_NAME = 'evil.example';
/** What the public knew as the secret of a local AWS service, and what nobody knows. */
const SECRETS = ['local', generateSecret(randomBytes)];
const forgedToken = generateSecret(randomBytes);
const forged = { id: secretId(hashSecret(forgedToken)), tokenHash: hashSecret(forgedToken) };

let temporary: string;
let platform: TestPlatform;
let pids: readonly number[];
let ports: readonly number[];
let edgePort: number;
let events: EventReader;
/** The secret with which the encoder signs. Only its owner and root can read a process's environment. */
let awsSecret: string;
/** Everything that must stay secret. */
let secrets: readonly string[];

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'headend-tmp-'));
  await chmod(temporary, 0o777);
  platform = await startTestPlatform({ demo: true, environment: { TMPDIR: temporary } });
  pids = await processTree(platform.pid);
  ports = await listeningPortsOf(pids);
  edgePort = Number(new URL(platform.playbackBaseUrl).port);
  events = await followEvents(`${platform.apiUrl}/events`, platform.adminToken);
  const environment = await readFile(`/proc/${platform.tasks[0]?.pid}/environ`, 'utf8');
  const variable = (name: string) => new RegExp(`(?:^|\0)${name}=([^\0]*)`).exec(environment)?.[1] ?? '';
  awsSecret = variable('AWS_SECRET_ACCESS_KEY');
  const state = JSON.parse(await readFile(join(platform.dataDir, 'local.json'), 'utf8'));
  secrets = [
    awsSecret,
    variable('CLUSTER_SECRET'),
    state.adminToken,
    state.viewerTokenKeys,
    state.streams.Demo.streamKey,
    state.streams['My stream'].streamKey,
  ];
  for (const secret of secrets) expect(secret.length).toBeGreaterThanOrEqual(32);
});
afterAll(async () => {
  events?.close();
  await closeTestPlatforms();
  await rm(temporary, { recursive: true });
});

/** The platform's database with the right secret. */
async function storedAdminTokens() {
  for (const port of ports) {
    const credentials = { ...LOCAL_CREDENTIALS, secretAccessKey: awsSecret };
    const access = { endpoint: `http://127.0.0.1:${port}`, region: LOCAL_REGION, credentials, maxAttempts: 1 };
    const client = new DynamoDBClient(access);
    const scan = client.send(new ScanCommand({ TableName: LOCAL_TABLE_NAMES.ADMIN_TOKENS_TABLE }));
    const answer = await scan.catch(() => null);
    client.destroy();
    if (answer?.Items !== undefined) return answer.Items;
  }
  throw new Error('no port is the database');
}

/** That nothing of what was tried has changed anything. */
async function expectNothingWritten(): Promise<void> {
  expect(await storedAdminTokens()).toEqual([]);
  const answer = await fetch(`${platform.apiUrl}/streams`, { headers: { authorization: `Bearer ${forgedToken}` } });
  expect(answer.status).toBe(401);
  const created = await platform.callApi('GET', '/streams');
  const titles = (await created.json()).streams.map(({ title }: { title: string }) => title);
  expect(titles.toSorted()).toEqual(['Demo', 'My stream']);
  expect(events.events.filter(({ id }) => id === FORGED_EVENT_ID)).toEqual([]);
}

function expectNoSecret(text: string): void {
  for (const secret of secrets) if (text.includes(secret)) throw new Error('a secret was given away');
}

const isRoot = process.getuid?.() === 0;
const asOtherUser = isRoot ? describe : describe.skip;

asOtherUser('another user of the machine (only root can become one)', () => {
  test('reads no file, no environment and no argument that is secret', async () => {
    const names = await readdir(platform.dataDir, { recursive: true });
    const files = [platform.dataDir, ...names.map((name) => join(platform.dataDir, name))];
    const environments = pids.flatMap((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/fd`]);
    const { contents } = await tryAsOtherUser({ attempts: [], paths: [...files, ...environments] });
    expect(contents).toEqual([...files, ...environments].map(() => null));
    const readable = [...pids.map((pid) => `/proc/${pid}/cmdline`), temporary];
    const { contents: texts } = await tryAsOtherUser({ attempts: [], paths: readable });
    expect(texts[0]).toContain(platform.dataDir);
    expectNoSecret(texts.join('\n'));
    // Nothing is taken from, or left in, a place where others may put something.
    expect(texts.at(-1)).toBe('');
  });

  test('gets nothing from any port', async () => {
    const attempts = ports.flatMap((port): StrangersRequest[] => {
      const [url, headers] = [`http://127.0.0.1:${port}`, { host: `127.0.0.1:${port}` }];
      return [
        { url: `${url}/`, method: 'GET', headers, body: '' },
        { url: `${url}/api/streams`, method: 'GET', headers, body: '' },
        { url: `${url}/api/events`, method: 'GET', headers, body: '' },
        { url: `${url}/`, method: 'GET', headers: { host: EVIL_NAME }, body: '' },
        ...awsAttempts(port, forged, SECRETS),
      ];
    });
    const { answers } = await tryAsOtherUser({ attempts, paths: [] });
    const given = attempts.flatMap(({ url }, index) => {
      const { status, headers = {}, text = '' } = answers[index] ?? {};
      expectNoSecret(JSON.stringify(headers) + text);
      return status !== 0 && (status ?? 0) < 400 ? [`${new URL(url).port}${new URL(url).pathname} ${status}`] : [];
    });
    // The page of the first stream is for whoever may watch.
    expect(new Set(given)).toEqual(new Set([`${edgePort}/ 302`]));
    // The services of AWS (DynamoDB, Lambda, EventBridge, CloudFront), and each of them refuses everything.
    const refusing = ports.filter((port) =>
      attempts.every(({ url }, index) => {
        const { status, headers } = answers[index] ?? {};
        const isRefusal = status === 403 && headers?.['x-amzn-errortype'] === 'InvalidSignatureException';
        return new URL(url).port !== String(port) || isRefusal;
      }),
    );
    expect(refusing).toHaveLength(4);
    await expectNothingWritten();
  });
});

describe('a page of a foreign site', () => {
  /** A browser's requests to the RTMP port end without an answer, as those of the other user do. */
  let httpPorts: readonly number[];
  let browser: TestBrowser;
  let site: ListeningServer;
  beforeAll(async () => {
    httpPorts = ports.filter((port) => port !== platform.rtmpPort);
    browser = await launchBrowser([`--host-resolver-rules=MAP ${EVIL_NAME} 127.0.0.1`]);
    site = await listenOnLoopback(
      createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<title>evil</title>')),
    );
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  /** Opens a page under the foreign name, at any port of this machine. */
  async function openPage(port: number) {
    const page = await browser.newPage();
    const answers: { readonly url: string; readonly status: number }[] = [];
    page.on('response', (response) => answers.push({ url: response.url(), status: response.status() }));
    const opened = await page.goto(`http://${EVIL_NAME}:${port}/`).catch(() => null);
    return { page, answers, opened };
  }

  test('can neither read nor write by any request that a page can make', async () => {
    const { page, answers, opened } = await openPage(Number(new URL(site.url).port));
    expect(opened?.status()).toBe(200);
    const simple = httpPorts.flatMap((port) => {
      const url = `http://127.0.0.1:${port}`;
      return ['/', '/api/streams', '/api/openapi.json', '/api/events'].map((path) => ({
        url: `${url}${path}`,
        method: 'GET',
      }));
    });
    const signed = httpPorts.flatMap((port) => awsAttempts(port, forged, SECRETS));
    const read = await page.evaluate(readWhatOneCan, [...simple, ...signed]);
    // An encoder gives media to pages of any site, if they know its name.
    expect(read.filter((text) => !text.endsWith(' not found\n'))).toEqual([]);
    // What needs no permission is sent, and refused. The page sees neither.
    expect(answers.filter(({ status }) => status === 403).length).toBeGreaterThan(0);
    await page.evaluate(submitForms, signed);
    await expectNothingWritten();
    await page.close();
  });

  test('gets nothing when its name leads to this machine', async () => {
    for (const port of httpPorts) {
      const { page, answers, opened } = await openPage(port);
      // A page that came from the port would be of the same origin.
      const read = opened === null ? [] : await page.evaluate(readWhatOneCan, pathsOf(port));
      for (const text of read) expect(text).toMatch(/another name|not found/i);
      for (const { status } of answers) expect([403, 404, 421]).toContain(status);
      await page.close();
    }
    const { opened } = await openPage(edgePort);
    expect([opened?.status(), await opened?.text()]).toEqual([421, 'This is a Headend of another name.\n']);
    await expectNothingWritten();
  });
});

/** Of the page's own origin. */
const pathsOf = (port: number) =>
  ['/', '/api/health', '/api/docs', '/api/streams', '/watch/aaaaaaaaaaaaaaaa'].map((path) => ({
    ...{ url: `http://${EVIL_NAME}:${port}${path}`, method: 'GET' },
  }));

type PageRequest = Pick<StrangersRequest, 'url' | 'method'> & Partial<StrangersRequest>;

/** Runs in the page. Resolves to the answers that it could read, of requests with and without permission to read. */
async function readWhatOneCan(requests: PageRequest[]): Promise<string[]> {
  const attempts = requests.flatMap(({ url, method, headers = {}, body }): Promise<string>[] => {
    const { host: _forbidden, ...allowed } = headers;
    const content = body === undefined ? {} : { body };
    const tries: RequestInit[] = [
      { method, headers: allowed, ...content },
      { method, mode: 'no-cors', headers: { 'content-type': 'text/plain' }, ...content },
    ];
    return tries.map(async (init) => {
      try {
        const response = await fetch(url, init);
        return response.type === 'opaque' ? '' : `${url} ${await response.text()}`;
      } catch {
        return '';
      }
    });
  });
  return (await Promise.all(attempts)).filter((text) => text !== '');
}

/** Runs in the page. Sends each request as a form, whose text can be JSON. Resolves when all are answered. */
async function submitForms(requests: PageRequest[]): Promise<void> {
  for (const { url, body = '' } of requests) {
    const frame = document.createElement('iframe');
    frame.name = 'target';
    const form = document.createElement('form');
    form.action = url;
    form.method = 'POST';
    form.enctype = 'text/plain';
    form.target = 'target';
    const field = document.createElement('input');
    field.name = body.slice(0, -1);
    field.value = body.slice(-1);
    form.append(field);
    document.body.append(frame, form);
    const loaded = new Promise((resolve) => {
      frame.addEventListener('load', resolve);
      setTimeout(resolve, 2_000);
    });
    form.submit();
    await loaded;
    frame.remove();
    form.remove();
  }
}
