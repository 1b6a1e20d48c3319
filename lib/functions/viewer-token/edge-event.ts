// The parts that we use of the "CloudFront Functions event structure".

/** A viewer's request. The request that a function returns goes on to the cache. */
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

/** The function's own response. No cache keeps it. */
export interface EdgeResponse {
  readonly statusCode: number;
  readonly statusDescription: string;
  readonly headers: Readonly<Record<string, EdgeValue>>;
  readonly body: { readonly encoding: 'text'; readonly data: string };
}

/** The argument of a function that is called for each viewer request. */
export interface ViewerRequestEvent {
  readonly version: '1.0';
  readonly context: { readonly eventType: 'viewer-request' };
  readonly viewer: { readonly ip: string };
  readonly request: EdgeRequest;
}
