/** The part of node-media-server 4.4.3 (CommonJS, no types of its own) that guarded-rtmp.ts uses. */

declare module 'node-media-server/src/protocol/flv.js' {
  export default class Flv {
    readonly parserTagCapacity: number;
    readonly parserTagData: Buffer;
  }
}

declare module 'node-media-server/src/protocol/rtmp.js' {
  import type Flv from 'node-media-server/src/protocol/flv.js';

  interface RtmpPacket {
    readonly header: {
      readonly fmt: number;
      readonly length: number;
      readonly type: number;
      readonly stream_id: number;
    };
    clock: number;
    readonly payload: Buffer;
    readonly capacity: number;
    bytes: number;
  }

  export default class Rtmp {
    readonly flv: Flv;
    inChunkSize: number;
    readonly handshakeState: number;
    readonly handshakeBytes: number;
    readonly parserState: number;
    readonly outChunkSize: number;
    readonly parserPacket: RtmpPacket;
    readonly inPackets: ReadonlyMap<number, RtmpPacket>;
    onOutputCallback: (bytes: Buffer) => void;

    parserData(bytes: Buffer): string | null;
    chunkMessageHeaderRead(): number;
    packetAlloc(): void;
    packetHandler(): void;
    controlHandler(): void;
    invokeHandler(): void;
    dataHandler(): void;

    sendACK(receivedBytes: number): void;
    sendWindowACK(windowBytes: number): void;
    setPeerBandwidth(windowBytes: number, limitType: number): void;
    setChunkSize(chunkBytes: number): void;
    sendInvokeMessage(messageStreamId: number, command: Readonly<Record<string, unknown>>): void;
    sendStatusMessage(messageStreamId: number, level: string, code: string, description: string): void;
    respondCreateStream(transactionId: number): void;
  }
}

declare module 'node-media-server/src/protocol/amf.js' {
  const amf: { decodeAmf0Cmd(payload: Buffer): Readonly<Record<string, unknown>> };
  export default amf;
}

declare module 'node-media-server/src/core/logger.js' {
  const logger: { log: () => void };
  export default logger;
}
