import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { EDGE_SECRET_HEADER } from '#domain/ports.ts';
import type { SharedSecret } from '#runtime/shared-secret.ts';
import { type HttpApiHandler, problemResult } from './create-handler.ts';
import { withViewerAddress } from './source-address.ts';

export interface EdgeRequestsOptions {
  /** What CloudFront shows. */
  readonly secret: Pick<SharedSecret, 'accepts'>;
  /** The API's own domain, at which the deployment also takes requests past CloudFront. Null for none. */
  readonly ownDomain: string | null;
}

/**
 * Answers only requests that come through CloudFront, and so through its firewall, or that name the API's own domain.
 * API Gateway's default address is open to everybody who finds it. The handler does not see the secret. What came through
 * CloudFront has its viewer's address.
 */
export function onlyEdgeRequests(handler: HttpApiHandler, { secret, ownDomain }: EdgeRequestsOptions): HttpApiHandler {
  return async (event) => {
    const { [EDGE_SECRET_HEADER]: shown, ...headers } = event.headers;
    const isAtOwnDomain = ownDomain !== null && event.requestContext.domainName === ownDomain;
    if (!isAtOwnDomain && !(await secret.accepts(shown))) {
      return problemResult({ status: 403, detail: "The API is at the viewers' address, below /api." });
    }
    const request = { ...event, headers } satisfies APIGatewayProxyEventV2;
    return handler(isAtOwnDomain ? request : withViewerAddress(request));
  };
}
