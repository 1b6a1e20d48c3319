import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Context } from 'hono';

/** The header in which the CloudFront Function `viewer-address` passes the viewer's address on, whatever the viewer sent. */
export const VIEWER_ADDRESS_HEADER = 'x-headend-viewer-address';

/** What the handler tells the app about a request, besides the request. */
export interface RequestBindings {
  readonly sourceAddress: string;
}

/**
 * The address that a request comes from. API Gateway names the peer of its connection, which nobody can forge. Behind
 * CloudFront the peer is CloudFront, so the address is in a header; only then can the header be believed. X-Forwarded-For
 * is not read: its beginning is whatever the client sent.
 */
export function readSourceAddress(
  { headers, requestContext }: Pick<APIGatewayProxyEventV2, 'headers' | 'requestContext'>,
  isFromCloudFront: boolean,
): string {
  const viewer = isFromCloudFront ? headers[VIEWER_ADDRESS_HEADER] : undefined;
  return viewer ?? requestContext.http.sourceIp;
}

/** The address that a request comes from. All requests whose address is unknown count as one. */
export const sourceAddressOf = (context: Context): string =>
  (context.env as Partial<RequestBindings> | undefined)?.sourceAddress ?? 'unknown';
