/** The limits of an RTMP server and of each of its connections. */
export interface RtmpLimits {
  /** Connections that are not live: they publish nothing, or nothing yet. */
  readonly maxConnections: number;
  /** Connections of any kind from one IPv4 address or one IPv6 network of 64 bits. */
  readonly maxConnectionsPerAddress: number;
  /** From the TCP connection to the end of the RTMP handshake. */
  readonly handshakeTimeoutMs: number;
  /** From the end of the handshake to the `publish` command. */
  readonly publishTimeoutMs: number;
  /** From the `publish` command to its answer. */
  readonly decisionTimeoutMs: number;
  /** Between two tags of a live publisher. */
  readonly idleTimeoutMs: number;
  /** From the request to connect again to the end of a publish that has not left, when the server drains. */
  readonly reconnectTimeoutMs: number;
  /** From the end of a publish by its broadcaster, who then closes the connection, to the end of our side. */
  readonly unpublishGraceMs: number;
  /** From the end of our side to cutting the socket, so that a refusal arrives before the socket is gone. */
  readonly closeGraceMs: number;
  /** Bytes received before the publish is answered. Also limits the messages that are announced until then. */
  readonly maxBytesBeforeAuthorised: number;
  /** Messages received up to the publish, including it. */
  readonly maxMessagesBeforeAuthorised: number;
  /** Buffers of all chunk streams together, so also the longest message. */
  readonly maxMessageBufferBytes: number;
  /** The longest message that is neither audio nor video. */
  readonly maxCommandBytes: number;
  readonly maxChunkStreams: number;
  /** Bytes that wait in our socket because the peer does not read. */
  readonly maxUnsentBytes: number;
  /** Keys of one address that are checked at once. Keys that were right from there before have as many slots of their own. */
  readonly maxDecisionsPerAddress: number;
  /** The same for the whole task. */
  readonly maxDecisions: number;
  /** Wrong keys of an address before their answers are delayed. */
  readonly failedKeysBeforeDelay: number;
  /** Wrong keys of an address before its keys are refused without a check. Keys that are being checked count as wrong. */
  readonly failedKeysBeforeRefusal: number;
  /** The delay of such an answer, and of a refusal without a check. */
  readonly failedKeyDelayMs: number;
  /** Smallest interval between two answers to wrong keys, for the whole task. It delays none beyond `failedKeyDelayMs`. */
  readonly failedKeyIntervalMs: number;
  /** An address's wrong keys are forgotten when it has tried none for this long. */
  readonly failedKeyMemoryMs: number;
  /** The lowest input limit: a stream whose own limit is lower gets this one. */
  readonly minInputLimitKbps: number;
  /** Messages of a live publisher, of any type. */
  readonly maxMessagesPerSecond: number;
  /** How many seconds' worth of bytes in the media time of one second, or of messages at once, are no excess yet. */
  readonly inputBurstSeconds: number;
  /** How many seconds' worth of bytes are read at once: networks hold media back and then deliver it together. */
  readonly inputBacklogSeconds: number;
}

/**
 * A connection that is not live takes at most about 100 KiB, and an address may open 20. An input limit of 12 Mbit/s is twice what people
 * send at 1080p, often to a ladder whose top is 720p. Sixty pictures a second with sound are about 110 messages. A wrong key costs
 * about 10 ms of CPU: 25 a second, tried one after another, leave three quarters of a core to the streams.
 */
export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  maxConnections: 200,
  maxConnectionsPerAddress: 20,
  handshakeTimeoutMs: 5_000,
  publishTimeoutMs: 10_000,
  decisionTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
  reconnectTimeoutMs: 5_000,
  unpublishGraceMs: 5_000,
  closeGraceMs: 1_000,
  maxBytesBeforeAuthorised: 64 * 1024,
  maxMessagesBeforeAuthorised: 100,
  maxMessageBufferBytes: 16 * 1024 * 1024,
  maxCommandBytes: 64 * 1024,
  maxChunkStreams: 16,
  maxUnsentBytes: 64 * 1024,
  maxDecisionsPerAddress: 5,
  maxDecisions: 50,
  failedKeysBeforeDelay: 3,
  failedKeysBeforeRefusal: 10,
  failedKeyDelayMs: 1_000,
  failedKeyIntervalMs: 40,
  failedKeyMemoryMs: 30_000,
  minInputLimitKbps: 12_000,
  maxMessagesPerSecond: 2_000,
  inputBurstSeconds: 5,
  inputBacklogSeconds: 30,
};

const isLimitName = (name: string): name is keyof RtmpLimits => Object.hasOwn(DEFAULT_RTMP_LIMITS, name);

/** Parses changes to the defaults, such as `maxConnections=50,idleTimeoutMs=10000`. Throws one error that lists every problem. */
export function parseRtmpLimits(text: string): RtmpLimits {
  const problems: string[] = [];
  const changes: Record<string, number> = {};
  for (const change of text.split(',')) {
    const [name = '', ...rest] = change.split('=').map((part) => part.trim());
    const value = rest.join('=');
    if (!isLimitName(name)) problems.push(`${name} is none of ${Object.keys(DEFAULT_RTMP_LIMITS).join(', ')}`);
    else if (!/^[1-9]\d{0,14}$/.test(value)) problems.push(`${name} must be a whole number above 0, not "${value}"`);
    changes[name] = Number(value);
  }
  if (problems.length > 0) throw new Error(problems.join('; '));
  return { ...DEFAULT_RTMP_LIMITS, ...changes };
}
