/** What one RTMP server and each of its connections may use. */
export interface RtmpLimits {
  /** That publish nothing, or nothing yet: live publishers don't count. */
  readonly maxConnections: number;
  /** Of any kind, from one IPv4 address or IPv6 network of 64 bits. */
  readonly maxConnectionsPerAddress: number;
  /** From the TCP connection to the end of the RTMP handshake. */
  readonly handshakeTimeoutMs: number;
  /** From the end of the handshake to the `publish` command. */
  readonly publishTimeoutMs: number;
  /** From the `publish` command to its answer. */
  readonly decisionTimeoutMs: number;
  /** Between two tags of a live publisher. */
  readonly idleTimeoutMs: number;
  /** From our closing the connection to cutting it, so that a refusal arrives before the socket is gone. */
  readonly closeGraceMs: number;
  /** Received before the publish is answered; caps the messages announced until then, too. */
  readonly maxBytesBeforeAuthorised: number;
  /** Received before the publish, that one included. */
  readonly maxMessagesBeforeAuthorised: number;
  /** Buffers of all chunk streams together, so also the longest message. */
  readonly maxMessageBufferBytes: number;
  /** Longest message that is neither audio nor video. */
  readonly maxCommandBytes: number;
  readonly maxChunkStreams: number;
  /** Waiting in our socket because the peer does not read. */
  readonly maxUnsentBytes: number;
  /** Publishes of an address whose keys are being checked; keys that were right from there before have as many again. */
  readonly maxDecisionsPerAddress: number;
  /** The same of the whole task. */
  readonly maxDecisions: number;
  /** Wrong keys of an address that are held back no longer than those of the others. */
  readonly failedKeysBeforeDelay: number;
  /** Wrong keys of an address after which its publishes are refused unasked. Keys that are being checked count as wrong. */
  readonly failedKeysBeforeRefusal: number;
  /** How long the answer to a wrong key is held back at most, and to one that is refused unasked. */
  readonly failedKeyDelayMs: number;
  /** Between two answers to wrong keys of the whole task; none is held back longer than `failedKeyDelayMs` for it. */
  readonly failedKeyIntervalMs: number;
  /** An address without another wrong key for so long has a clean sheet. */
  readonly failedKeyMemoryMs: number;
  /** A stream's own limit is allowed in, and this much where that is lower. */
  readonly minInputLimitKbps: number;
  /** Of a live publisher: tags, and all else that RTMP has. */
  readonly maxMessagesPerSecond: number;
  /** How much above these two may come at once: networks hold media back and then deliver it together. */
  readonly inputBurstSeconds: number;
}

/**
 * Strangers cost at most some 100 KiB each, 20 of them an address. An input limit of 12 Mbit/s is twice what people send
 * at 1080p, often to a ladder whose top is 720p; 60 pictures a second with sound are some 110 messages. A wrong key costs
 * some 10 ms of CPU: tried one after another, 25 a second leave three quarters of a core to the streams.
 */
export const DEFAULT_RTMP_LIMITS: RtmpLimits = {
  maxConnections: 200,
  maxConnectionsPerAddress: 20,
  handshakeTimeoutMs: 5_000,
  publishTimeoutMs: 10_000,
  decisionTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
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
};

const isLimitName = (name: string): name is keyof RtmpLimits => Object.hasOwn(DEFAULT_RTMP_LIMITS, name);

/**
 * Parses changes to the defaults, as in `maxConnections=50,idleTimeoutMs=10000`: whole numbers above 0. Throws one error
 * that lists every problem.
 */
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
  if (problems.length > 0) throw new Error(`RTMP limits: ${problems.join('; ')}`);
  return { ...DEFAULT_RTMP_LIMITS, ...changes };
}
