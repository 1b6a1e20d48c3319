import { HLS_FILE_KINDS, type HlsFileKind, type HlsFileKindName } from '#domain/hls-files.ts';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import { PAGE_FILE_PATH } from '#domain/watch-pages.ts';
import { EPOCH, FIRST_MSN, PLAYBACK_ID, RunningOrigin } from '#test/encoder/origin/running-origin.ts';
import { behaviorFor, type CacheBehavior, readDistribution } from '#test/support/distribution.ts';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { edgeSecretOf, type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

/** For each kind of file, a path below /live/{playbackId}/ that the running origin serves. */
const FILES: Readonly<Record<HlsFileKindName, string>> = {
  status: 'status.json',
  'stream-health': 'health.json',
  poster: 'poster.jpg',
  time: 'time.txt',
  'dash-manifest': 'manifest.mpd',
  'multivariant-playlist': 'master.m3u8',
  'media-playlist': '480p/media.m3u8',
  'iframe-playlist': '480p/iframes.m3u8',
  init: `480p/${EPOCH}-init.mp4`,
  segment: `480p/${EPOCH}-${FIRST_MSN}.m4s`,
  part: `480p/${EPOCH}-${FIRST_MSN}.1.m4s`,
};
const KINDS: readonly HlsFileKind[] = HLS_FILE_KINDS;

let origin: RunningOrigin;
beforeAll(async () => {
  origin = await RunningOrigin.start();
  origin.feedAll();
});
afterAll(() => origin.server.close());

describe.each(TESTED_STAGES)('CloudFront of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test.each(KINDS)('a $kind is cached as long as the origin says', async (row) => {
    const behavior = behaviorFor(readDistribution(stage), `/live/${PLAYBACK_ID}/${FILES[row.kind]}`);
    expect(behavior.pathPattern).toBe(row.pathPattern);
    expect(behavior.cachePolicy).toMatchObject({
      minTtlSeconds: row.minTtlSeconds,
      defaultTtlSeconds: row.defaultTtlSeconds,
      maxTtlSeconds: row.maxTtlSeconds,
      queryStrings: [...row.queryStrings],
      headers: 'none',
      cookies: 'none',
    });
    expect(behavior.functions).toEqual(['viewer-request']);
    expect(behaviorFor(readDistribution(stage), `/t/a.1.b/live/t${PLAYBACK_ID}/${FILES[row.kind]}`)).toEqual(behavior);
    const { status, headers } = await origin.ask(FILES[row.kind]);
    expect(status).toBe(200);
    expect(cachedSeconds(behavior, String(headers['cache-control']))).toBe(maxAge(String(headers['cache-control'])));
  });

  test('the response to a blocking playlist request is cached as long as the origin says', async () => {
    const behavior = behaviorFor(readDistribution(stage), `/live/${PLAYBACK_ID}/${FILES['media-playlist']}`);
    const { headers } = await origin.ask(`${FILES['media-playlist']}?_HLS_msn=${FIRST_MSN}`);
    expect(maxAge(String(headers['cache-control']))).toBeGreaterThan(1);
    expect(cachedSeconds(behavior, String(headers['cache-control']))).toBe(maxAge(String(headers['cache-control'])));
    expect(behavior.cachePolicy.queryStrings).toEqual(['_HLS_msn', '_HLS_part', '_HLS_skip']);
    expect(
      behaviorFor(readDistribution(stage), `/live/${PLAYBACK_ID}/${FILES.status}`).cachePolicy.queryStrings,
    ).toEqual(['after']);
  });

  test('media comes from the VPC origin, over HTTP inside the network', () => {
    const distribution = readDistribution(stage);
    for (const { kind } of KINDS) {
      const { origin: mediaOrigin } = behaviorFor(distribution, `/live/${PLAYBACK_ID}/${FILES[kind]}`);
      expect(mediaOrigin).toHaveProperty('VpcOriginConfig.VpcOriginId');
    }
    expect(stage.only('AWS::CloudFront::VpcOrigin').properties).toMatchObject({
      VpcOriginEndpointConfig: { HTTPPort: 80, OriginProtocolPolicy: 'http-only' },
    });
  });

  test.each([`/live/${PLAYBACK_ID}/${FILES.status}`, '/api/streams', `/watch/${PLAYBACK_ID}`, '/oembed'])(
    'with a request for %s, CloudFront shows its secret, which is not in the template',
    (path) => {
      const { origin: shownTo } = behaviorFor(readDistribution(stage), path);
      const [header, ...others] = (shownTo as Json).OriginCustomHeaders;
      expect(others).toEqual([]);
      expect(header.HeaderName).toBe(EDGE_SECRET_HEADER);
      const [, parts] = header.HeaderValue['Fn::Join'];
      expect([parts[0], parts[2]]).toEqual(['{{resolve:secretsmanager:', ':SecretString:::}}']);
      expect(JSON.stringify(parts[1])).toContain(edgeSecretOf(stage).logicalId);
    },
  );

  test('the bucket of the pages does not get the secret', () => {
    const { fallback } = behaviorFor(readDistribution(stage), `/watch/${PLAYBACK_ID}`);
    const { origin: player } = behaviorFor(readDistribution(stage), '/assets/watch.js');
    expect(fallback?.origin).toEqual(player);
    expect((player as Json).OriginCustomHeaders).toBeUndefined();
  });

  test('a raised edgeSecretVersion changes the distribution, so that CloudFormation reads the secret again', () => {
    const { Comment } = stage.only('AWS::CloudFront::Distribution').properties.DistributionConfig;
    expect(Comment).toMatch(new RegExp(`edge secret ${config.edgeSecretVersion ?? 1}$`));
  });

  test('what does not come through CloudFront is refused by the control API, except at its own domain', () => {
    const [controlApi] = stage
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => properties.Description === 'Headend: control API');
    const { EDGE_SECRET_ARN, API_DOMAIN } = controlApi?.properties.Environment.Variables ?? {};
    expect(JSON.stringify(EDGE_SECRET_ARN)).toContain(edgeSecretOf(stage).logicalId);
    expect(API_DOMAIN).toBe(config.apiDomain?.domainName);
  });

  test('errors are cached for one second', () => {
    const { errorTtlSeconds } = readDistribution(stage);
    expect(errorTtlSeconds).toEqual({ 404: 1, 500: 1, 502: 1, 503: 1, 504: 1 });
  });

  test.each(['/api/streams', '/api/health'])('%s is never cached, and the API gets the whole request', (path) => {
    const { cachePolicy, allowedMethods, originRequestPolicyId } = behaviorFor(readDistribution(stage), path);
    // AWS's managed policies CachingDisabled and AllViewerExceptHostHeader, by their published ids.
    expect(cachePolicy.id).toBe('4135ea2d-6df8-44a3-9df3-4b5a84be39ad');
    expect(originRequestPolicyId).toBe('b689b0a8-53d0-40ab-baf2-68738e2966ac');
    expect(allowedMethods).toEqual(expect.arrayContaining(['POST', 'PATCH', 'DELETE']));
  });

  test('the root and the studio are files of the bucket', () => {
    const [distribution] = stage.ofType('AWS::CloudFront::Distribution');
    expect(distribution?.properties.DistributionConfig.DefaultRootObject).toBe(PAGE_FILE_PATH.slice(1));
    for (const path of ['/studio', '/studio/'])
      expect(behaviorFor(readDistribution(stage), path).origin).toHaveProperty('OriginAccessControlId');
  });

  test.each([`/watch/${PLAYBACK_ID}`, `/embed/${PLAYBACK_ID}`])(
    '%s is made by the control API, and is the static page of the bucket if that does not answer soon',
    (path) => {
      const { origin: api, fallback, functions, cachePolicy } = behaviorFor(readDistribution(stage), path);
      const { origin: anyApi } = behaviorFor(readDistribution(stage), '/api/streams');
      expect((api as Json).DomainName).toEqual((anyApi as Json).DomainName);
      expect(api).toMatchObject({ ConnectionAttempts: 1, ConnectionTimeout: 3 });
      expect((api as Json).CustomOriginConfig.OriginReadTimeout).toBe(3);
      expect(fallback?.origin).toHaveProperty('OriginAccessControlId');
      // A 404 is an answer: there is no such stream.
      expect(fallback?.statuses).toEqual([403, 429, 500, 502, 503, 504]);
      expect(functions).toEqual(['viewer-request']);
      expect(cachePolicy).toMatchObject({ minTtlSeconds: 0, maxTtlSeconds: 30, headers: 'none', cookies: 'none' });
      // The function sets them, whatever the viewer's query is.
      expect(cachePolicy.queryStrings).toEqual(expect.arrayContaining(['kind', 'id']));
    },
  );

  test('oEmbed is answered by the control API, for any site, and cached by what it is asked', () => {
    const { origin: api, cachePolicy, functions } = behaviorFor(readDistribution(stage), '/oembed');
    expect(api).toHaveProperty('CustomOriginConfig');
    expect(cachePolicy.queryStrings).toEqual(expect.arrayContaining(['url', 'maxwidth', 'maxheight', 'format']));
    expect(cachePolicy.maxTtlSeconds).toBe(30);
    expect(functions).toEqual([]);
  });

  test('viewers are redirected to HTTPS, and HTTP/3 is enabled', () => {
    const { behaviors, httpVersion } = readDistribution(stage);
    expect(new Set(behaviors.map(({ viewerProtocolPolicy }) => viewerProtocolPolicy))).toEqual(
      new Set(['redirect-to-https', 'https-only']),
    );
    expect(httpVersion).toBe('http2and3');
  });

  test('the distribution has a firewall if the stage has one', () => {
    const hasFirewall = stage.ofType('AWS::WAFv2::WebACL').length > 0;
    expect(hasFirewall).toBe(config.waf ?? false);
    expect(readDistribution(stage).webAclId !== undefined).toBe(hasFirewall);
  });
});

const maxAge = (cacheControl: string): number => Number(/max-age=(\d+)/.exec(cacheControl)?.[1]);

/** How many seconds CloudFront caches a response: its max-age, clamped by the policy. */
function cachedSeconds({ cachePolicy }: CacheBehavior, cacheControl: string): number {
  const { minTtlSeconds, maxTtlSeconds } = cachePolicy;
  return Math.min(Math.max(maxAge(cacheControl), minTtlSeconds), maxTtlSeconds);
}
