import { parseDeploymentOutputs } from '#scripts/cloud/deployment-outputs.ts';

const CONTROL = {
  ApiUrl: 'https://live.example.com/api',
  AdminTokensTable: 'Headend-dev-Data-Tokens',
  ViewerTokenSecretArn: 'arn:aws:secretsmanager:of-a-test',
  ViewerTokenStoreArn: 'arn:aws:cloudfront:of-a-test',
  Region: 'eu-west-1',
};
const MEDIA = { RtmpUrl: 'rtmp://ingest.example.com:1935/live', Other: 'x' };
const DELIVERY = { PlaybackBaseUrl: 'https://live.example.com', SiteUrl: 'https://live.example.com' };
const RTMPS = { RtmpsUrl: 'rtmps://ingest.example.com/live' };

const parse = (stacks: object) => parseDeploymentOutputs(JSON.stringify(stacks));

const EXPECTED = {
  rtmpUrl: MEDIA.RtmpUrl,
  rtmpsUrl: null,
  playbackBaseUrl: DELIVERY.PlaybackBaseUrl,
  originUrl: null,
  apiUrl: CONTROL.ApiUrl,
  siteUrl: DELIVERY.SiteUrl,
  adminTokensTable: CONTROL.AdminTokensTable,
  sessionsTable: null,
  viewerTokenSecretArn: CONTROL.ViewerTokenSecretArn,
  viewerTokenStoreArn: CONTROL.ViewerTokenStoreArn,
  alarmTopicArns: [],
  region: CONTROL.Region,
};

test.each([
  ['several stacks', { a: CONTROL, b: MEDIA, c: DELIVERY, d: {} }, EXPECTED],
  [
    'stacks with a table of sessions',
    { a: { ...CONTROL, SessionsTable: 'Sessions' }, b: MEDIA, c: DELIVERY },
    { ...EXPECTED, sessionsTable: 'Sessions' },
  ],
  ['one stack', { all: { ...CONTROL, ...MEDIA, ...DELIVERY } }, EXPECTED],
  ['stacks that agree', { a: { ...CONTROL, ...MEDIA }, b: { ...DELIVERY, Region: 'eu-west-1' } }, EXPECTED],
  [
    'a stage with RTMPS',
    { a: CONTROL, b: { ...MEDIA, ...RTMPS }, c: DELIVERY },
    { ...EXPECTED, rtmpsUrl: RTMPS.RtmpsUrl },
  ],
  [
    'a stage with RTMPS only',
    { a: CONTROL, b: RTMPS, c: DELIVERY },
    { ...EXPECTED, rtmpUrl: null, rtmpsUrl: RTMPS.RtmpsUrl },
  ],
  [
    'a stage with alarms in two regions',
    { a: { ...CONTROL, ...MEDIA, ...DELIVERY }, b: { AlarmTopicArn: 'arn:one' }, c: { AlarmTopicArn: 'arn:two' } },
    { ...EXPECTED, alarmTopicArns: ['arn:one', 'arn:two'] },
  ],
  [
    'a stage that says where its origin is',
    { a: { ...CONTROL, ...MEDIA, ...DELIVERY, OriginUrl: 'http://origin.example.com' } },
    { ...EXPECTED, originUrl: 'http://origin.example.com' },
  ],
])('of %s', (_case, stacks, expected) => {
  expect(parse(stacks)).toEqual(expected);
});

test.each(Object.keys({ ...CONTROL, ...MEDIA, ...DELIVERY }).filter((name) => name !== 'Other'))(
  '%s is missed',
  (name) => {
    const { [name]: _missing, ...rest } = { ...CONTROL, ...MEDIA, ...DELIVERY } as Record<string, string>;
    expect(() => parse({ all: rest })).toThrow(`The deployed stacks lack the outputs ${name}.`);
  },
);

test('all missing outputs are named at once', () => {
  expect(() => parse({ a: CONTROL })).toThrow(
    'The deployed stacks lack the outputs PlaybackBaseUrl, SiteUrl, RtmpUrl.',
  );
});

test('two regions are an error', () => {
  const stacks = { a: { ...CONTROL, ...MEDIA, ...DELIVERY }, edge: { Region: 'us-east-1' } };
  expect(() => parse(stacks)).toThrow('The deployed stacks differ in the outputs Region.');
});
