import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { startEdgeServer } from '#scripts/local/edge-server.ts';
import type { ApiOrigin } from '#scripts/local/http-api.ts';
import { type ListeningServer, LOOPBACK } from '#scripts/local/http-server.ts';
import { SiteFiles } from '#scripts/local/site-files.ts';
import { loadWatchPages } from '#scripts/local/watch-pages.ts';
import { behaviorFor, readDistribution } from '#test/support/distribution.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

const PAGES = ['/watch/abcdefghij234567', '/embed/abcdefghij234567', '/assets/icon.svg', '/watch.html'];

let outDir: string;
let edge: ListeningServer;
beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'headend-site-'));
  const site = await SiteFiles.build(outDir);
  // The headers do not depend on who answers.
  const api: ApiOrigin = async () => ({ statusCode: 200, body: 'page' });
  edge = await startEdgeServer({
    addresses: [LOOPBACK],
    api: async (_request, response) => void response.end('api'),
    events: { serve: async (_request, response) => void response.end('events') },
    media: async (_request, response) => void response.end('media'),
    pages: await loadWatchPages({ api, site, log: pino({ level: 'silent' }) }),
    site,
    homePath: () => '/watch/abcdefghij234567',
    playbackBaseUrl: 'http://127.0.0.1:8080',
  });
});
afterAll(async () => {
  await edge.close();
  await rm(outDir, { recursive: true });
});

describe.each(TESTED_STAGES)('headers of the site of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test.each(PAGES)('%s has the same ones on a laptop, except for HSTS, which is for TLS', async (path) => {
    const { securityHeaders } = behaviorFor(readDistribution(stage), path);
    const { 'strict-transport-security': hsts, ...others } = securityHeaders;
    expect(hsts).toBe('max-age=31536000');
    const { status, headers } = await fetch(`${edge.url}${path}`);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject(others);
    const added = [...headers.keys()].filter((name) => /^(x-|content-security|referrer)/.test(name));
    expect(added.toSorted()).toEqual(Object.keys(others).toSorted());
    expect(others['content-security-policy']).toContain("base-uri 'none'");
    const isFramedAnywhere = path.startsWith('/embed/');
    expect(others['content-security-policy']).toContain(`frame-ancestors ${isFramedAnywhere ? '*' : "'self'"}`);
    expect(others['x-frame-options']).toBe(isFramedAnywhere ? undefined : 'SAMEORIGIN');
  });

  test('media is not sniffed', () => {
    const { securityHeaders } = behaviorFor(readDistribution(stage), '/live/abcdefghij234567/master.m3u8');
    expect(securityHeaders['x-content-type-options']).toBe('nosniff');
  });
});

test.each(['/', '/live/x/master.m3u8', '/t/x', '/api/health', '/api/events', '/nothing'])(
  'on a laptop, no browser sniffs what %s is',
  async (path) => {
    const { headers } = await fetch(`${edge.url}${path}`, { redirect: 'manual' });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);
