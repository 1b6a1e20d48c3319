/** RTMP, or RTMP over TLS. */
export type IngestProtocol = 'rtmp' | 'rtmps';

/** How the platform keeps viewers from its origin: locally by a header that only the edge sends, in AWS by the network. */
export type ProbedOrigin =
  | { readonly kind: 'guarded'; readonly urls: readonly string[] }
  | { readonly kind: 'private'; readonly addresses: readonly OriginAddress[] };

/** Something of the origin that strangers must not be able to connect to. */
export interface OriginAddress {
  readonly what: string;
  readonly host: string;
  readonly port: number;
}

/** Where the SNS topics of the alarms are, and whose credentials read them. */
export interface ProbedAlarms {
  readonly topicArns: readonly string[];
  /** Whether somebody is to be notified. If not, topics without subscriptions are as they should be. */
  readonly hasRecipient: boolean;
  /** AWS profile. Null leaves the choice to the SDK. */
  readonly profile: string | null;
}

/** The platform that is probed, with all that a probe has to know of it. */
export interface ProbeTarget {
  /** The control API, without a trailing slash. */
  readonly apiUrl: string;
  readonly token: string;
  /** Where to publish, without the stream key. Null if the platform does not offer the protocol. */
  readonly ingestUrls: Readonly<Record<IngestProtocol, string | null>>;
  readonly playbackBaseUrl: string;
  readonly origin: ProbedOrigin;
  /** Null if the platform has no alarms, as on a laptop. */
  readonly alarms: ProbedAlarms | null;
}
