import { Duration } from 'aws-cdk-lib';
import {
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  type CachePolicyProps,
  CacheQueryStringBehavior,
} from 'aws-cdk-lib/aws-cloudfront';
import { Construct } from 'constructs';
import { HLS_FILE_KINDS, type HlsFileKind } from '#domain/hls-files.ts';

/** A cache policy and the path pattern that it applies to. */
export interface HlsCachePolicy {
  readonly pathPattern: string;
  readonly policy: CachePolicy;
}

/**
 * The CloudFront cache policies for the table of file kinds, in its order: the first match wins. Kinds that are cached
 * alike share a policy, because an account may have twenty.
 */
export class HlsCachePolicies extends Construct {
  readonly policies: readonly HlsCachePolicy[];
  readonly #byCaching = new Map<string, CachePolicy>();

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.policies = HLS_FILE_KINDS.map((row) => ({ pathPattern: row.pathPattern, policy: this.#policyFor(row) }));
  }

  #policyFor(row: HlsFileKind): CachePolicy {
    const caching = keyOf(row);
    const existing = this.#byCaching.get(caching);
    if (existing !== undefined) return existing;
    const kinds = HLS_FILE_KINDS.filter((other) => keyOf(other) === caching).map(({ kind }) => kind);
    const policy = new CachePolicy(this, row.kind, { comment: `Headend: ${kinds.join(', ')}`, ...cachingOf(row) });
    this.#byCaching.set(caching, policy);
    return policy;
  }
}

const keyOf = (row: HlsFileKind): string => JSON.stringify(cachingOf(row));

function cachingOf(row: HlsFileKind): CachePolicyProps {
  // Media and pictures are compressed already. Playlists and status files are text, and the origin honours Accept-Encoding.
  const isText = !/^(?:video|image)\//.test(row.contentType);
  return {
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
  };
}
