import { RTMP_APPLICATION } from '#domain/ports.ts';
import type { RtmpLimits } from '#encoder/guard/rtmp-limits.ts';
import {
  AAC_FOURCC,
  AVC_FOURCC,
  ENHANCED_CODECS,
  type EnhancedFourCc,
  MP3_FOURCC,
} from '#encoder/media/enhanced-codecs.ts';
import { AUDIO_TAG, type FlvTag, SCRIPT_TAG, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import {
  ACKNOWLEDGEMENT_WINDOW_BYTES,
  type ConnectionPhase,
  GuardedRtmp,
  type RtmpCommand,
  RtmpViolation,
} from './guarded-rtmp.ts';

/** Script data with a leading AMF3 byte (RTMP 1.0, 7.1.2). */
const AMF3_DATA = 15;
const DYNAMIC_BANDWIDTH_LIMIT = 2;
const MAX_DESCRIPTION_LENGTH = 500;
const MAX_SOFTWARE_LENGTH = 64;
/** AMF0 string `@setDataFrame`, which wraps a script message in RTMP but is not part of an FLV tag. */
const SET_DATA_FRAME = Buffer.from('\x02\x00\x0d@setDataFrame', 'latin1');

/** Bit of a codec's capabilities in Enhanced RTMP v2, "FourCcInfoMask". */
const CAN_DECODE = 1;
/** Bits of `capsEx` in Enhanced RTMP v2, "CapsExMask": the request to connect again, and modifiers (ModEx) of packets. */
const CAN_RECONNECT = 1;
const CAN_MODIFY = 4;

export interface RtmpParserOptions {
  readonly limits: RtmpLimits;
  /** The Enhanced RTMP codecs that FFmpeg can decode; the answer to `connect` names them. */
  readonly enhancedCodecs: ReadonlySet<EnhancedFourCc>;
  /** The connection's phase now. */
  readonly phase: () => ConnectionPhase;
}

/** The messages of a peer, as its connection sees them. */
export interface RtmpEvents {
  /** Bytes for the socket. */
  onOutput(bytes: Buffer): void;
  /** The one `publish` of the connection. `streamName` has no query string, and is empty if the command named none. */
  onPublish(streamName: string): void;
  /** The peer ended its publish (deleteStream, closeStream or FCUnpublish), and has been told that this is done. */
  onUnpublish(): void;
  /** A message of a live publish, of any type. Called before `onTag` for the same message. */
  onMessage(): void;
  /** A tag of the published message stream. Its payload is a copy. */
  onTag(tag: FlvTag): void;
}

/** The server's side of one publishing RTMP connection (RTMP 1.0, 7.2): answers its commands and extracts the tags of its one stream. */
export class RtmpParser extends GuardedRtmp {
  readonly #options: RtmpParserOptions;
  readonly #events: RtmpEvents;
  #connected = false;
  #canReconnect = false;
  #software: string | null = null;
  #publishStreamId: number | null = null;

  constructor(options: RtmpParserOptions, events: RtmpEvents) {
    super(options.limits);
    this.#options = options;
    this.#events = events;
    this.onOutputCallback = (bytes) => events.onOutput(bytes);
  }

  /** Whether the peer has announced that it connects again when it is asked to. */
  get canReconnect(): boolean {
    return this.#canReconnect;
  }

  /** What the peer's software says it is (`flashVer` of its connect). Null if it says nothing. */
  get software(): string | null {
    return this.#software;
  }

  /**
   * Asks the peer to connect again, to the same address. It goes on sending until it has a new connection, or at least a
   * keyframe to begin that with (Enhanced RTMP v2, "Reconnect Request").
   */
  sendReconnectRequest(description: string): void {
    this.sendStatusMessage(0, 'status', 'NetConnection.Connect.ReconnectRequest', toStatusText(description));
  }

  /** Answers the publish: the broadcaster starts to send. */
  sendPublishStart(): void {
    this.#sendStatus('status', 'NetStream.Publish.Start', 'Publishing.');
  }

  /** Tells the peer why its publish is over. */
  sendError(code: string, description: string): void {
    this.#sendStatus('error', code, description);
  }

  protected override get phase(): ConnectionPhase {
    return this.#options.phase();
  }

  protected override countMessage(): void {
    this.#events.onMessage();
  }

  protected override handleCommand(command: RtmpCommand): void {
    if (typeof command.cmd !== 'string') throw new RtmpViolation('a command without a name');
    switch (command.cmd) {
      case 'connect':
        this.#connect(command);
        break;
      case 'createStream':
        this.respondCreateStream(toTransactionId(command));
        break;
      case 'publish':
        this.#publish(command);
        break;
      case 'play':
        this.#refusePlay();
        break;
      case 'deleteStream':
        if (command.streamId === (this.#publishStreamId ?? Number.NaN)) this.#unpublish();
        break;
      case 'closeStream':
      case 'FCUnpublish':
        if (this.#publishStreamId !== null) this.#unpublish();
    }
  }

  override dataHandler(): void {
    const { header, payload, clock } = this.parserPacket;
    if (header.stream_id !== this.#publishStreamId || header.length === 0) return;
    const { type } = header;
    const body = payload.subarray(type === AMF3_DATA ? 1 : 0, header.length);
    if (type === AUDIO_TAG || type === VIDEO_TAG) {
      this.#events.onTag({ type, timestampMs: clock, payload: Buffer.from(body) });
    } else {
      const wrapped = body.subarray(0, SET_DATA_FRAME.length).equals(SET_DATA_FRAME);
      const script = wrapped ? body.subarray(SET_DATA_FRAME.length) : body;
      this.#events.onTag({ type: SCRIPT_TAG, timestampMs: clock, payload: Buffer.from(script) });
    }
  }

  #connect(command: RtmpCommand): void {
    const transactionId = toTransactionId(command);
    this.setChunkSize(this.outChunkSize); // First of all, since every answer is one chunk.
    const details = command.cmdObj;
    const wanted = typeof details === 'object' && details !== null && 'app' in details ? details.app : null;
    if (wanted !== RTMP_APPLICATION && wanted !== `${RTMP_APPLICATION}/`) {
      const description = `Unknown application; the address is rtmp://HOST/${RTMP_APPLICATION} and the stream key`;
      const info = { level: 'error', code: 'NetConnection.Connect.Rejected', description };
      this.sendInvokeMessage(0, { cmd: '_error', transId: transactionId, cmdObj: null, info });
      throw new RtmpViolation('connect to an unknown application');
    }
    this.#connected = true;
    this.#canReconnect = announcesReconnect(details);
    this.#software = softwareOf(details);
    this.sendWindowACK(ACKNOWLEDGEMENT_WINDOW_BYTES);
    this.setPeerBandwidth(ACKNOWLEDGEMENT_WINDOW_BYTES, DYNAMIC_BANDWIDTH_LIMIT);
    this.#answerConnect(transactionId);
  }

  /** Answers as node-media-server does, with what this server can do (Enhanced RTMP v2, "Enhancing NetConnection connect Command"). */
  #answerConnect(transactionId: number): void {
    const { enhancedCodecs } = this.#options;
    const infoMap = (kind: 'video' | 'audio', legacy: readonly string[]): Readonly<Record<string, number>> => {
      const enhanced = ENHANCED_CODECS.filter((codec) => codec.kind === kind && enhancedCodecs.has(codec.fourCc));
      return Object.fromEntries([...legacy, ...enhanced.map(({ fourCc }) => fourCc)].map((name) => [name, CAN_DECODE]));
    };
    this.sendInvokeMessage(0, {
      cmd: '_result',
      transId: transactionId,
      cmdObj: {
        fmsVer: 'FMS/3,0,1,123',
        capabilities: 31,
        videoFourCcInfoMap: infoMap('video', [AVC_FOURCC]),
        audioFourCcInfoMap: infoMap('audio', [AAC_FOURCC, MP3_FOURCC]),
        // Not multitrack: further tracks are accepted, but they would be sent for nothing.
        capsEx: CAN_RECONNECT | CAN_MODIFY,
      },
      info: {
        level: 'status',
        code: 'NetConnection.Connect.Success',
        description: 'Connection succeeded.',
        objectEncoding: 0,
      },
    });
  }

  #publish(command: RtmpCommand): void {
    if (!this.#connected) throw new RtmpViolation('publish before connect');
    if (this.#publishStreamId !== null) throw new RtmpViolation('a second publish');
    this.#publishStreamId = this.parserPacket.header.stream_id;
    const name = command.streamName;
    const [streamName = ''] = typeof name === 'string' ? name.split('?', 1) : [];
    this.#events.onPublish(streamName);
  }

  #unpublish(): void {
    this.#sendStatus('status', 'NetStream.Unpublish.Success', 'The publish has ended.');
    this.#events.onUnpublish();
  }

  #refusePlay(): void {
    if (!this.#connected) throw new RtmpViolation('play before connect');
    this.sendError('NetStream.Play.Failed', 'This server takes publishers only; viewers use HLS');
    throw new RtmpViolation('play');
  }

  #sendStatus(level: 'status' | 'error', code: string, description: string): void {
    const messageStreamId = this.#publishStreamId ?? this.parserPacket.header.stream_id;
    this.sendStatusMessage(messageStreamId, level, code, toStatusText(description));
  }
}

/** node-media-server counts UTF-16 units where AMF0 wants bytes, so only ASCII comes out right. */
function toStatusText(description: string): string {
  return description.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_DESCRIPTION_LENGTH);
}

/** Whether the object of a `connect` has the reconnect bit. Peers may send any AMF type, or none. */
function announcesReconnect(details: unknown): boolean {
  if (typeof details !== 'object' || details === null || !Object.hasOwn(details, 'capsEx')) return false;
  const { capsEx } = details as { readonly capsEx: unknown };
  return Number.isInteger(capsEx) && (Number(capsEx) & CAN_RECONNECT) !== 0;
}

/** At most 64 characters, and printable ones only: the text is a stranger's. Peers may send any AMF type, or none. */
function softwareOf(details: unknown): string | null {
  if (typeof details !== 'object' || details === null || !Object.hasOwn(details, 'flashVer')) return null;
  const { flashVer } = details as { readonly flashVer: unknown };
  return typeof flashVer === 'string' ? flashVer.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SOFTWARE_LENGTH) : null;
}

/** The transaction id is echoed, so anything but a number is refused. */
function toTransactionId(command: RtmpCommand): number {
  const value = command.transId;
  if (typeof value !== 'number') throw new RtmpViolation('a command without a transaction id');
  return value;
}
