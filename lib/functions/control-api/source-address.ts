import type { Context } from 'hono';

/** What the handler tells the app about a request, besides the request. */
export interface RequestBindings {
  /** The peer's address, or that of CloudFront's viewer. X-Forwarded-For is not read: it begins with whatever was sent. */
  readonly sourceAddress: string;
}

/** The address that a request comes from. All requests whose address is unknown count as one. */
export const sourceAddressOf = (context: Context): string =>
  (context.env as Partial<RequestBindings> | undefined)?.sourceAddress ?? 'unknown';
