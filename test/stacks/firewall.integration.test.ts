import { HLS_FILE_KINDS, initFileName, partFileName, segmentFileName } from '#domain/hls-files.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';
import { countingRules, rulesOf } from '#test/support/web-acl.ts';

const ID = 'abcdefghij234567';
const MEDIA = [
  'status.json',
  'time.txt',
  'manifest.mpd',
  'health.json',
  'poster.jpg',
  '720p/media.m3u8',
  '720p/iframes.m3u8',
  `720p/${initFileName(7)}`,
  `720p/${segmentFileName(7, 100)}`,
  `720p/${partFileName(7, 100, 1)}`,
];
/** Viewers behind the one address of an office, all of whom open the page and start to play within five minutes. */
const OFFICE = 50;

describe.each(TESTED_STAGES.filter(({ waf }) => waf))('firewall of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });
  const limitOf = (name: string): number =>
    rulesOf(stage).find((rule) => rule.Name === name)?.Statement.RateBasedStatement.Limit;

  test('the files of the test are those that the origin serves, but for the multivariant playlist', () => {
    expect(MEDIA).toHaveLength(HLS_FILE_KINDS.length - 1);
  });

  test.each([
    ...MEDIA.flatMap((file) => [`/live/${ID}/${file}`, `/t/a.1.b/live/t${ID}/${file}`]),
    `/live/${ID}/master.m3u8`,
    '/assets/watch-HASH.js',
    '/assets/icon.svg',
  ])('no rule counts %s, so nobody is locked out for watching', (path) => {
    expect(countingRules(stage, path)).toEqual([]);
  });

  test.each([
    ['/api/streams', ['api-rate']],
    ['/api/health', ['api-rate']],
    ['/%61pi/streams', ['api-rate']],
    ['//api/streams', ['api-rate']],
    ['/live/../api/streams', ['api-rate']],
    ['/', ['page-rate']],
    [`/watch/${ID}`, ['page-rate']],
    [`/embed/${ID}`, ['page-rate']],
    ['/no-such-page', ['page-rate']],
    [`/t/a.1.b/live/t${ID}/master.m3u8`, ['token-rate']],
    // CloudFront neither decodes a slash nor merges slashes (RFC 3986), so these are requests of the API.
    ['/api/..%2flive/status.json', ['api-rate']],
    ['/api/streams/..%2F..%2F..%2Fplayer%2Fmain.js', ['api-rate']],
    ['/live/%2e%2e/api/..%2flive/status.json', ['api-rate']],
    ['/api/streams///../../live/stop', ['api-rate']],
    ['/player/./../api/streams///../../player/stop', ['api-rate']],
    // None of our paths has an escape, so nobody watches with this.
    [`/%74/a.1.b/live/t${ID}/master.m3u8`, ['api-rate']],
  ])('%s is counted by %j alone', (path, rules) => {
    expect(countingRules(stage, path)).toEqual(rules);
  });

  test('an office of fifty opens the page, starts to play, and does it all again', () => {
    for (const rule of ['page-rate', 'token-rate']) {
      expect(limitOf(rule)).toBe(config.wafViewsPerFiveMinutes ?? 2_000);
      expect(limitOf(rule)).toBeGreaterThanOrEqual(2 * OFFICE);
    }
    expect(limitOf('api-rate')).toBe(1_000);
  });

  test('who makes too many requests gets a 429', () => {
    const limited = rulesOf(stage).filter(({ Statement }) => Statement.RateBasedStatement !== undefined);
    expect(limited.map(({ Action }) => Action)).toEqual(
      limited.map(() => ({ Block: { CustomResponse: { ResponseCode: 429 } } })),
    );
    for (const { Statement } of limited) {
      expect(Statement.RateBasedStatement).toMatchObject({ AggregateKeyType: 'IP', EvaluationWindowSec: 300 });
    }
  });

  test("AWS's list of addresses with a bad reputation comes first, and does what AWS says", () => {
    expect(rulesOf(stage)[0]).toMatchObject({
      OverrideAction: { None: {} },
      Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name: 'AWSManagedRulesAmazonIpReputationList' } },
    });
  });

  test('no rule keeps samples, which would have addresses and tokens of viewers', () => {
    const { VisibilityConfig } = stage.only('AWS::WAFv2::WebACL').properties;
    const all = [VisibilityConfig, ...rulesOf(stage).map((rule) => rule.VisibilityConfig)];
    expect(all.map(({ SampledRequestsEnabled }) => SampledRequestsEnabled)).toEqual(all.map(() => false));
  });
});
