import type { LadderName } from './ladders.ts';
import type { LatencyName } from './latency-profiles.ts';

/** What an encoder task asks the ingest-auth function before it answers a publish. */
export interface IngestAuthRequest {
  readonly streamKey: string;
  readonly sourceAddress: string;
}

/** The stream that a key may publish to, with all that an encoder needs to know of it. */
export interface AuthorisedStream {
  readonly streamId: string;
  readonly playbackId: string;
  /** Of the stream's record when it was read: what changed since may forbid the publish. Null where no record stands behind it. */
  readonly version: number | null;
  readonly ladder: LadderName;
  readonly latency: LatencyName;
  /** What the publisher may send for good; encoder tasks may have a floor of their own. */
  readonly maxInputKbps: number;
}

/** The decision. A refusal's description is shown to the broadcaster; its stream is there where the key belongs to one. */
export type IngestAuthResponse =
  | { readonly allow: true; readonly stream: AuthorisedStream }
  | {
      readonly allow: false;
      readonly code: RefusalCode;
      readonly description: string;
      readonly streamId?: string | undefined;
    };

/** RTMP status codes of a refused publish: `BadName` is final for this key, `Rejected` may be tried again. */
export type RefusalCode = 'NetStream.Publish.BadName' | 'NetStream.Publish.Rejected';

/** Decides about a publish. Rejects where that is impossible, which counts as `Rejected`: fail closed. */
export type Authorise = (request: IngestAuthRequest) => Promise<IngestAuthResponse>;

/** Message of the log line that says that a backend gave no usable answer. An alarm counts these lines. */
export const WEBHOOK_FAILED = 'webhook failed';
