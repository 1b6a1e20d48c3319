import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Context } from 'hono';

/** The header in which the CloudFront Function `viewer-address` passes the viewer's address on, whatever the viewer sent. */
const VIEWER_ADDRESS_HEADER = 'x-headend-viewer-address';

/** What the handler tells the app about a request, besides the request. */
export interface RequestBindings {
  /** The peer's address, or that of CloudFront's viewer. X-Forwarded-For is not read: it begins with whatever was sent. */
  readonly sourceAddress: string;
}

/** The address that a request comes from. All requests whose address is unknown count as one. */
export const sourceAddressOf = (context: Context): string =>
  (context.env as Partial<RequestBindings> | undefined)?.sourceAddress ?? 'unknown';

/**
 * Puts the viewer in the place of CloudFront, which is the peer of a request that came through it. Only for a request that
 * is known to: all others could send the header themselves.
 */
export function withViewerAddress(event: APIGatewayProxyEventV2): APIGatewayProxyEventV2 {
  const { requestContext, headers } = event;
  const sourceIp = headers[VIEWER_ADDRESS_HEADER] ?? requestContext.http.sourceIp;
  return { ...event, requestContext: { ...requestContext, http: { ...requestContext.http, sourceIp } } };
}
