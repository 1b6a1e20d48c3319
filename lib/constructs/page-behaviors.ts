import { Duration } from 'aws-cdk-lib';
import {
  AllowedMethods,
  type BehaviorOptions,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  FunctionEventType,
  type IOrigin,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, OriginGroup } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import {
  OEMBED_PARAMETERS,
  OEMBED_PATH,
  PAGE_FALLBACK_STATUSES,
  PAGE_PARAMETERS,
  PAGE_SECONDS,
  STUDIO_PATH,
} from '#domain/watch-pages.ts';
import type { ResponseHeaders } from './response-headers.ts';
import { secretHeader } from './secret-header.ts';
import type { StaticSite } from './static-site.ts';

export interface PageBehaviorsProps {
  /** The static page, in the bucket of the player. */
  readonly bucket: IOrigin;
  readonly site: StaticSite;
  readonly headers: ResponseHeaders;
  /** Host name of the control API's HTTP API, which puts titles into the page. */
  readonly apiHost: string;
  readonly edgeSecret: Secret;
}

/** A page whose title comes later than this is shown without one. Lambda's cold start takes half a second or so. */
const API_TIMEOUT = Duration.seconds(3);

/**
 * The behaviors of the pages and of oEmbed. The studio is a static file. The control API makes the pages of streams, and if it fails, CloudFront asks the
 * bucket for the same path, at which the static page is.
 */
export class PageBehaviors extends Construct {
  /** By path pattern. */
  readonly byPath: Readonly<Record<string, BehaviorOptions>>;

  constructor(scope: Construct, id: string, { bucket, site, headers, apiHost, edgeSecret }: PageBehaviorsProps) {
    super(scope, id);
    const api = new HttpOrigin(apiHost, {
      customHeaders: secretHeader(edgeSecret),
      connectionAttempts: 1,
      connectionTimeout: API_TIMEOUT,
      readTimeout: API_TIMEOUT,
    });
    // One for both, because an account may have twenty. The function leaves a page only its own query strings.
    const cachePolicy = new CachePolicy(this, 'Page', {
      comment: 'Headend: pages of streams, oEmbed',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.seconds(0),
      maxTtl: Duration.seconds(PAGE_SECONDS),
      queryStringBehavior: CacheQueryStringBehavior.allowList(...PAGE_PARAMETERS, ...OEMBED_PARAMETERS),
      headerBehavior: CacheHeaderBehavior.none(),
      cookieBehavior: CacheCookieBehavior.none(),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    });
    const page: Omit<BehaviorOptions, 'responseHeadersPolicy'> = {
      origin: new OriginGroup({
        primaryOrigin: api,
        fallbackOrigin: bucket,
        fallbackStatusCodes: [...PAGE_FALLBACK_STATUSES],
      }),
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      cachePolicy,
      functionAssociations: [{ function: site.pagesFunction, eventType: FunctionEventType.VIEWER_REQUEST }],
    };
    this.byPath = {
      '/watch/*': { ...page, responseHeadersPolicy: headers.watch },
      '/embed/*': { ...page, responseHeadersPolicy: headers.embed },
      // With and without the slash.
      [`${STUDIO_PATH.slice(0, -1)}*`]: { ...page, origin: bucket, responseHeadersPolicy: headers.studio },
      [OEMBED_PATH]: {
        origin: api,
        responseHeadersPolicy: headers.media,
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        cachePolicy,
      },
    };
  }
}
