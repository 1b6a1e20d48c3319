import { Duration } from 'aws-cdk-lib';
import {
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';
import { HLS_FILE_KINDS, type HlsFileKind } from '#domain/hls-files.ts';

/** A cache policy and the path pattern that it applies to. */
export interface HlsCachePolicy {
  readonly pathPattern: string;
  readonly policy: CachePolicy;
}

/** One CloudFront cache policy for each row of the table of file kinds, in its order: the first match wins. */
export class HlsCachePolicies extends Construct {
  readonly policies: readonly HlsCachePolicy[];

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.policies = HLS_FILE_KINDS.map((row: HlsFileKind) => ({
      pathPattern: row.pathPattern,
      policy: this.#makePolicy(row),
    }));
  }

  #makePolicy(row: HlsFileKind): CachePolicy {
    // Media is compressed already. Playlists and status files are text, and the origin honours Accept-Encoding.
    const isText = !row.contentType.startsWith('video/');
    return new CachePolicy(this, row.kind, {
      comment: `Headend: ${row.kind}`,
      minTtl: Duration.seconds(row.minTtlSeconds),
      defaultTtl: Duration.seconds(row.defaultTtlSeconds),
      maxTtl: Duration.seconds(row.maxTtlSeconds),
      queryStringBehavior:
        row.queryStrings.length === 0
          ? CacheQueryStringBehavior.none()
          : CacheQueryStringBehavior.allowList(...row.queryStrings),
      headerBehavior: CacheHeaderBehavior.none(),
      cookieBehavior: CacheCookieBehavior.none(),
      enableAcceptEncodingGzip: isText,
      enableAcceptEncodingBrotli: isText,
    });
  }
}
