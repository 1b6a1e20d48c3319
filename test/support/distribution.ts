import type { Json, SynthesizedStage, TemplateResource } from './synthesized-stage.ts';

/** A cache policy in the template, or one of AWS's managed policies, of which only the id is known. */
export interface PolicyView {
  readonly id: string;
  readonly minTtlSeconds: number;
  readonly defaultTtlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly queryStrings: readonly string[];
  readonly headers: string;
  readonly cookies: string;
}

export interface CacheBehavior {
  /** `*` for the default behavior. */
  readonly pathPattern: string;
  readonly cachePolicy: PolicyView;
  readonly originRequestPolicyId: string | undefined;
  readonly viewerProtocolPolicy: string;
  readonly allowedMethods: readonly string[];
  /** Who is asked first. */
  readonly origin: unknown;
  /** Who is asked if the first one answers with one of these statuses. Null for nobody. */
  readonly fallback: { readonly origin: unknown; readonly statuses: readonly number[] } | null;
  /** The security headers that CloudFront adds to answers, in lower case. */
  readonly securityHeaders: Readonly<Record<string, string>>;
  /** The events that call a CloudFront Function. */
  readonly functions: readonly string[];
}

/** The distribution of a stage. Its behaviors are in the order in which CloudFront matches them. */
export interface DistributionView {
  readonly behaviors: readonly CacheBehavior[];
  readonly errorTtlSeconds: Readonly<Record<number, number>>;
  readonly httpVersion: string;
  readonly webAclId: unknown;
}

/** Reads the distribution from a stage's templates. */
export function readDistribution(stage: SynthesizedStage): DistributionView {
  const resource = stage.only('AWS::CloudFront::Distribution');
  const config: Json = resource.properties.DistributionConfig;
  const view = (behavior: Json): CacheBehavior => ({
    pathPattern: behavior.PathPattern ?? '*',
    cachePolicy: policyOf(stage, resource, behavior.CachePolicyId),
    originRequestPolicyId: behavior.OriginRequestPolicyId,
    viewerProtocolPolicy: behavior.ViewerProtocolPolicy,
    allowedMethods: behavior.AllowedMethods ?? ['GET', 'HEAD'],
    securityHeaders: securityHeadersOf(stage, behavior.ResponseHeadersPolicyId),
    ...originsOf(config, behavior.TargetOriginId),
    functions: (behavior.FunctionAssociations ?? []).map((association: Json) => association.EventType),
  });
  return {
    behaviors: [...config.CacheBehaviors.map(view), view(config.DefaultCacheBehavior)],
    errorTtlSeconds: Object.fromEntries(
      (config.CustomErrorResponses ?? []).map((error: Json) => [error.ErrorCode, error.ErrorCachingMinTTL]),
    ),
    httpVersion: config.HttpVersion,
    webAclId: config.WebACLId,
  };
}

/** The origin with an id, or those of a group. */
function originsOf(config: Json, id: string): Pick<CacheBehavior, 'origin' | 'fallback'> {
  const find = (originId: string) => config.Origins.find(({ Id }: Json) => Id === originId);
  const group = (config.OriginGroups?.Items ?? []).find(({ Id }: Json) => Id === id);
  if (group === undefined) return { origin: find(id), fallback: null };
  const [first, second] = group.Members.Items;
  const statuses = group.FailoverCriteria.StatusCodes.Items;
  return { origin: find(first.OriginId), fallback: { origin: find(second.OriginId), statuses } };
}

/** The behavior that handles a path: the first whose pattern matches (CloudFront developer guide, "Path pattern"). */
export function behaviorFor({ behaviors }: DistributionView, path: string): CacheBehavior {
  const hit = behaviors.find(({ pathPattern }) => matches(pathPattern, path));
  if (hit === undefined) throw new Error(`no behavior matches ${path}`);
  return hit;
}

/** `*` matches any number of characters, including `/`. `?` matches exactly one. */
function matches(pathPattern: string, path: string): boolean {
  const source = pathPattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(path);
}

/** The values that CloudFront sends (CloudFront developer guide, "Understand response headers policies", security headers). */
function securityHeadersOf(stage: SynthesizedStage, id: Json): Record<string, string> {
  if (id === undefined) return {};
  const policy = stage.ofType('AWS::CloudFront::ResponseHeadersPolicy').find(({ logicalId }) => logicalId === id.Ref);
  const config: Json = policy?.properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig;
  const { StrictTransportSecurity, ContentTypeOptions, ReferrerPolicy, ContentSecurityPolicy, FrameOptions } = config;
  for (const header of Object.values<Json>(config)) expect(header.Override).toBe(true);
  return {
    ...(StrictTransportSecurity && {
      'strict-transport-security': `max-age=${StrictTransportSecurity.AccessControlMaxAgeSec}`,
    }),
    ...(ContentTypeOptions && { 'x-content-type-options': 'nosniff' }),
    ...(ReferrerPolicy && { 'referrer-policy': ReferrerPolicy.ReferrerPolicy }),
    ...(ContentSecurityPolicy && { 'content-security-policy': ContentSecurityPolicy.ContentSecurityPolicy }),
    ...(FrameOptions && { 'x-frame-options': FrameOptions.FrameOption }),
  };
}

function policyOf(stage: SynthesizedStage, distribution: TemplateResource, id: Json): PolicyView {
  const none = { minTtlSeconds: Number.NaN, defaultTtlSeconds: Number.NaN, maxTtlSeconds: Number.NaN };
  if (typeof id === 'string') return { id, ...none, queryStrings: [], headers: '', cookies: '' };
  const policy = stage.resources.find(({ stack, logicalId }) => stack === distribution.stack && logicalId === id.Ref);
  const config: Json = policy?.properties.CachePolicyConfig;
  const { QueryStringsConfig, HeadersConfig, CookiesConfig } = config.ParametersInCacheKeyAndForwardedToOrigin;
  return {
    id: id.Ref,
    minTtlSeconds: config.MinTTL,
    defaultTtlSeconds: config.DefaultTTL,
    maxTtlSeconds: config.MaxTTL,
    queryStrings: QueryStringsConfig.QueryStrings ?? [],
    headers: HeadersConfig.HeaderBehavior,
    cookies: CookiesConfig.CookieBehavior,
  };
}
