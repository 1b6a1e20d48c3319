import { randomBytes } from 'node:crypto';
import { generateSecret } from '#domain/stream-ids.ts';
import { nextSteps } from '#scripts/cloud/next-steps.ts';
import { parseStreamCommandLine } from '#scripts/stream/command-line.ts';
import { COMMANDS } from '#scripts/stream/commands.ts';

const OUTPUTS = {
  rtmpUrl: 'rtmp://ingest.example.com:1935/live',
  rtmpsUrl: null,
  playbackBaseUrl: 'https://live.example.com',
  originUrl: 'http://origin.example.com',
  apiUrl: 'https://live.example.com/api',
  siteUrl: 'https://site.example.com',
  adminTokensTable: 'tokens',
  sessionsTable: 'sessions',
  viewerTokenSecretArn: 'arn:aws:secretsmanager:of-a-test',
  viewerTokenStoreArn: 'arn:aws:cloudfront:of-a-test',
  alarmTopicArns: [],
  region: 'eu-west-1',
};
const adminToken = generateSecret(randomBytes);
const studioUrl = `https://live.example.com/studio/#invite=${generateSecret(randomBytes)}`;
const steps = (changes: Partial<Parameters<typeof nextSteps>[0]> = {}) =>
  nextSteps({ stage: 'dev', outputs: OUTPUTS, wantedToken: 'first', adminToken, studioUrl, ...changes });

test('has the addresses, the token once, and a pointer to the documentation', () => {
  const text = steps();
  for (const address of [OUTPUTS.rtmpUrl, OUTPUTS.apiUrl, `${OUTPUTS.siteUrl}/watch/`, 'docs/operations.md']) {
    expect(text).toContain(address);
  }
  expect(text.split(adminToken)).toHaveLength(2);
  expect(text).not.toContain('over TLS');
  expect(text.endsWith('\n')).toBe(true);
});

test('has the link to the studio once, or says how to make one', () => {
  expect(steps().split(studioUrl)).toHaveLength(2);
  const later = steps({ adminToken: null, studioUrl: null });
  expect(later).toContain('https://live.example.com/studio/;');
  const [, args = ''] = /npm run stream -- (.+invite.+)/.exec(later) ?? [];
  expect(parseStreamCommandLine(args.split(' '), COMMANDS)).toMatchObject({
    command: { name: 'invite' },
    input: { values: { role: 'owner' } },
  });
});

test('includes the RTMPS address if there is one', () => {
  const text = steps({ outputs: { ...OUTPUTS, rtmpsUrl: 'rtmps://ingest.example.com:443/live' } });
  expect(text).toMatch(/over TLS +rtmps:\/\/ingest\.example\.com:443\/live\n/);
});

test('without plain RTMP, the RTMPS address is the server for OBS', () => {
  const text = steps({ outputs: { ...OUTPUTS, rtmpUrl: null, rtmpsUrl: 'rtmps://ingest.example.com/live' } });
  expect(text).toMatch(/OBS: Server +rtmps:\/\/ingest\.example\.com\/live\n/);
  expect(text).not.toMatch(/rtmp:|over TLS|null/);
});

test('names a command that the command line accepts', () => {
  const [, args = ''] = /npm run stream -- (.+)/.exec(steps()) ?? [];
  const words = [...args.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
  expect(parseStreamCommandLine(words, COMMANDS)).toMatchObject({
    kind: 'run',
    command: { name: 'create' },
    input: { values: { api: OUTPUTS.apiUrl, title: 'My stream' } },
  });
});

test('without a new token it says how to make one, unless none was wanted', () => {
  expect(steps({ adminToken: null })).toContain('npm run deploy -- -c stage=dev --new-admin-token\n');
  expect(steps({ adminToken: null, wantedToken: 'none' })).not.toContain('--new-admin-token');
});
