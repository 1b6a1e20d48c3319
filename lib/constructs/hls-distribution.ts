import { Duration, Validations } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  type DistributionProps,
  FunctionEventType,
  GeoRestriction,
  HttpVersion,
  type IVpcOrigin,
  OriginRequestPolicy,
  PriceClass,
  S3OriginAccessControl,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin, VpcOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { AaaaRecord, ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ResolvedStage } from '#config/stage-config.ts';
import { PAGE_FILE_PATH } from '#domain/watch-pages.ts';
import { globalName } from './global-name.ts';
import { HlsCachePolicies } from './hls-cache-policies.ts';
import { PageBehaviors } from './page-behaviors.ts';
import { ResponseHeaders } from './response-headers.ts';
import { secretHeader } from './secret-header.ts';
import type { StaticSite } from './static-site.ts';
import { ViewerAddressFunction } from './viewer-address-function.ts';
import type { ViewerTokenFunction } from './viewer-token-function.ts';

export interface HlsDistributionProps
  extends Pick<
    ResolvedStage,
    'name' | 'viewerDomain' | 'geoRestriction' | 'priceClass' | 'originShieldRegion' | 'edgeSecretVersion'
  > {
  readonly origin: IVpcOrigin;
  readonly site: StaticSite;
  /** Checks every request for a playlist or media. */
  readonly viewerTokens: ViewerTokenFunction;
  /** Host name of the control API's HTTP API. */
  readonly apiHost: string;
  /** By which the origin and the control API know CloudFront. */
  readonly edgeSecret: Secret;
  /** ARN of a web ACL for CloudFront. Null for none. */
  readonly webAclArn: string | null;
  /** The zone in which the viewers' domain gets its records. Null to create none. */
  readonly hostedZone: IHostedZone | null;
}

/** CloudFront caches errors for 10 s by default, but a file that is missing now may exist a moment later. */
const ERROR_STATUSES = [404, 500, 502, 503, 504];
const ERROR_TTL = Duration.seconds(1);
/** Longer than the origin may block a request, which is three target durations. */
const ORIGIN_READ_TIMEOUT = Duration.seconds(30);
/** Shorter than the idle timeout of the origin's load balancer, 60 s. */
const ORIGIN_KEEPALIVE = Duration.seconds(55);
const PRICE_CLASSES = {
  '100': PriceClass.PRICE_CLASS_100,
  '200': PriceClass.PRICE_CLASS_200,
  all: PriceClass.PRICE_CLASS_ALL,
} as const;

/**
 * The CloudFront distribution. It caches media from the origin by the table of file kinds, serves the player's files
 * from the bucket and its pages from the control API, and passes the control API through uncached.
 */
export class HlsDistribution extends Construct {
  readonly distribution: Distribution;
  /** The viewers' base URL, without a trailing slash. */
  readonly baseUrl: string;

  constructor(scope: Construct, id: string, props: HlsDistributionProps) {
    super(scope, id);
    const { viewerDomain, hostedZone } = props;
    this.distribution = new Distribution(this, 'Distribution', this.#distributionProps(props));
    this.#acknowledge(props);
    this.baseUrl = `https://${viewerDomain?.domainName ?? this.distribution.distributionDomainName}`;
    if (viewerDomain === null || hostedZone === null) return;
    const record = {
      zone: hostedZone,
      recordName: `${viewerDomain.domainName}.`,
      target: RecordTarget.fromAlias(new CloudFrontTarget(this.distribution)),
    };
    new ARecord(this, 'Ipv4Record', record);
    new AaaaRecord(this, 'Ipv6Record', record);
  }

  #distributionProps(props: HlsDistributionProps): DistributionProps {
    const { viewerDomain, geoRestriction, webAclArn } = props;
    const site = S3BucketOrigin.withOriginAccessControl(props.site.bucket, {
      originAccessControl: new S3OriginAccessControl(this, 'SiteAccess', {
        originAccessControlName: globalName(this, 'SiteAccess'),
      }),
    });
    const headers = new ResponseHeaders(this, 'Headers');
    return {
      // CloudFormation reads the secret when something in the distribution changes.
      comment: `Headend ${props.name}: edge secret ${props.edgeSecretVersion}`,
      defaultBehavior: {
        origin: site,
        responseHeadersPolicy: headers.watch,
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      },
      additionalBehaviors: {
        ...this.#mediaBehaviors(props, headers),
        '/api/*': apiBehavior(props, new ViewerAddressFunction(this, 'ViewerAddress')),
        ...new PageBehaviors(this, 'Pages', { ...props, bucket: site, headers }).byPath,
      },
      // It says that there is no stream.
      defaultRootObject: PAGE_FILE_PATH.slice(1),
      errorResponses: ERROR_STATUSES.map((httpStatus) => ({ httpStatus, ttl: ERROR_TTL })),
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PRICE_CLASSES[props.priceClass],
      // These include the cache hit rate and the origin's latency.
      publishAdditionalMetrics: true,
      ...(geoRestriction === null ? {} : { geoRestriction: toGeoRestriction(geoRestriction) }),
      ...(webAclArn === null ? {} : { webAclId: webAclArn }),
      ...(viewerDomain === null
        ? {}
        : {
            domainNames: [viewerDomain.domainName],
            minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
            certificate: Certificate.fromCertificateArn(this, 'Certificate', viewerDomain.certificateArn),
          }),
    };
  }

  #mediaBehaviors(
    { origin, originShieldRegion, viewerTokens, edgeSecret }: HlsDistributionProps,
    headers: ResponseHeaders,
  ): Record<string, BehaviorOptions> {
    const mediaOrigin = VpcOrigin.withVpcOrigin(origin, {
      readTimeout: ORIGIN_READ_TIMEOUT,
      keepaliveTimeout: ORIGIN_KEEPALIVE,
      customHeaders: secretHeader(edgeSecret),
      ...(originShieldRegion === null ? {} : { originShieldRegion }),
    });
    const { policies } = new HlsCachePolicies(this, 'Cache');
    return Object.fromEntries(
      policies.map(({ pathPattern, policy }) => [
        pathPattern,
        {
          origin: mediaOrigin,
          cachePolicy: policy,
          responseHeadersPolicy: headers.media,
          viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
          allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
          functionAssociations: [{ function: viewerTokens.edgeFunction, eventType: FunctionEventType.VIEWER_REQUEST }],
        },
      ]),
    );
  }

  #acknowledge({ geoRestriction, webAclArn, viewerDomain }: HlsDistributionProps): void {
    const acknowledged = [
      {
        id: 'AwsSolutions-CFR3',
        reason: 'Standard logging v2 is configured by resources of its own in us-east-1, which the rule does not see.',
      },
      ...(geoRestriction === null
        ? [{ id: 'AwsSolutions-CFR1', reason: 'The stage has no geographic restriction.' }]
        : []),
      ...(webAclArn === null ? [{ id: 'AwsSolutions-CFR2', reason: 'The stage has no firewall.' }] : []),
      ...(viewerDomain === null
        ? [
            {
              id: 'AwsSolutions-CFR4',
              reason: "CloudFront's own domain name has a certificate whose minimum TLS version can't be set.",
            },
          ]
        : []),
    ];
    for (const acknowledgement of acknowledged) Validations.of(this.distribution).acknowledge(acknowledgement);
  }
}

function apiBehavior(
  { apiHost, edgeSecret }: HlsDistributionProps,
  { edgeFunction }: ViewerAddressFunction,
): BehaviorOptions {
  return {
    origin: new HttpOrigin(apiHost, { customHeaders: secretHeader(edgeSecret) }),
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    allowedMethods: AllowedMethods.ALLOW_ALL,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    functionAssociations: [{ function: edgeFunction, eventType: FunctionEventType.VIEWER_REQUEST }],
  };
}

function toGeoRestriction(restriction: NonNullable<ResolvedStage['geoRestriction']>): GeoRestriction {
  return 'allow' in restriction
    ? GeoRestriction.allowlist(...restriction.allow)
    : GeoRestriction.denylist(...restriction.deny);
}
