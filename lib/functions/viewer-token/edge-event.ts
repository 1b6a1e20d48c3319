// "CloudFront Functions event structure", as far as it is used.

/** The request of a viewer. What a function returns in its place goes on to the cache. */
export interface EdgeRequest {
  readonly method: string;
  /** The path, as the viewer sent it. */
  uri: string;
  readonly querystring: Readonly<Record<string, EdgeValue>>;
  readonly headers: Readonly<Record<string, EdgeValue>>;
  readonly cookies: Readonly<Record<string, EdgeValue>>;
}

interface EdgeValue {
  readonly value: string;
}

/** An answer of the function's own, which no cache keeps. */
export interface EdgeResponse {
  readonly statusCode: number;
  readonly statusDescription: string;
  readonly headers: Readonly<Record<string, EdgeValue>>;
  readonly body: { readonly encoding: 'text'; readonly data: string };
}

/** What a function is called with for each request of a viewer. */
export interface ViewerRequestEvent {
  readonly version: '1.0';
  readonly context: { readonly eventType: 'viewer-request' };
  readonly viewer: { readonly ip: string };
  readonly request: EdgeRequest;
}
