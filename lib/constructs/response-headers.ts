import { Duration } from 'aws-cdk-lib';
import {
  type HeadersFrameOption,
  type HeadersReferrerPolicy,
  ResponseHeadersPolicy,
  type ResponseSecurityHeadersBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';
import { CORS_EXPOSED_HEADERS } from '#domain/hls-files.ts';
import { SECURITY_HEADERS, SITE_HEADERS } from '#domain/site-headers.ts';
import { globalName } from './global-name.ts';

const ONE_YEAR = Duration.days(365);
/** `nosniff` is the only value that CloudFront knows. HSTS is for TLS, so a laptop has no use for it. */
const EVERYWHERE: ResponseSecurityHeadersBehavior = {
  strictTransportSecurity: { accessControlMaxAge: ONE_YEAR, includeSubdomains: false, override: true },
  contentTypeOptions: { override: true },
  referrerPolicy: {
    referrerPolicy: SECURITY_HEADERS['referrer-policy'] as HeadersReferrerPolicy,
    override: true,
  },
};

/**
 * The headers that CloudFront adds to responses. Media gets CORS headers, because players on any site may load it.
 * Everything gets security headers.
 */
export class ResponseHeaders extends Construct {
  readonly media: ResponseHeadersPolicy;
  readonly watch: ResponseHeadersPolicy;
  readonly embed: ResponseHeadersPolicy;
  readonly studio: ResponseHeadersPolicy;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.media = new ResponseHeadersPolicy(this, 'Media', {
      responseHeadersPolicyName: globalName(this, 'Media'),
      comment: 'Headend: media for players on any site',
      corsBehavior: {
        accessControlAllowOrigins: ['*'],
        accessControlAllowMethods: ['GET', 'HEAD', 'OPTIONS'],
        accessControlAllowHeaders: ['Range'],
        accessControlExposeHeaders: [...CORS_EXPOSED_HEADERS],
        accessControlAllowCredentials: false,
        accessControlMaxAge: Duration.days(1),
        originOverride: true,
      },
      securityHeadersBehavior: EVERYWHERE,
    });
    this.watch = this.#forPages('Watch', 'pages', SITE_HEADERS.watch);
    this.embed = this.#forPages('Embed', 'pages inside other sites', SITE_HEADERS.embed);
    this.studio = this.#forPages('Studio', 'the studio', SITE_HEADERS.studio);
  }

  #forPages(id: string, pages: string, headers: PageHeaders): ResponseHeadersPolicy {
    const { 'x-frame-options': frameOption } = headers;
    return new ResponseHeadersPolicy(this, id, {
      responseHeadersPolicyName: globalName(this, id),
      comment: `Headend: ${pages}`,
      securityHeadersBehavior: {
        ...EVERYWHERE,
        contentSecurityPolicy: { contentSecurityPolicy: headers['content-security-policy'], override: true },
        ...(frameOption !== undefined && {
          frameOptions: { frameOption: frameOption as HeadersFrameOption, override: true },
        }),
      },
    });
  }
}

/** Those of them that differ between pages. */
interface PageHeaders {
  readonly 'content-security-policy': string;
  readonly 'x-frame-options'?: string;
}
