import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { CODED_FRAMES, SEQUENCE_START } from '#encoder/media/enhanced-tracks.ts';
import {
  AUDIO_TAG,
  EX_HEADER_SOUND_FORMAT,
  type FlvTag,
  isAudioSequenceHeader,
  isVideoSequenceHeader,
  VIDEO_TAG,
} from '#encoder/media/flv-tag.ts';
import { type Box, BoxStream, requireBox } from '#encoder/package/box-stream.ts';
import { parseFragment } from '#encoder/package/fragment.ts';

/** A track as Enhanced RTMP has it. */
export interface EnhancedClip {
  readonly fourCc: string;
  /** FFmpeg's input and encoder options. */
  readonly options: readonly string[];
}

/** Timestamps before it are of frames that are decoded earlier than the first one is shown. */
const START_MS = 1000;

/** Encodes a track with FFmpeg, and returns its tags in Enhanced RTMP's form. FFmpeg itself writes them from version 6.1 on only. */
export async function makeEnhancedTags(type: FlvTag['type'], { fourCc, options }: EnhancedClip): Promise<FlvTag[]> {
  const movflags = '+empty_moov+delay_moov+default_base_moof+frag_every_frame';
  const output = ['-movflags', movflags, '-strict', '-2', '-f', 'mp4', 'pipe:1'];
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', ...options, ...output];
  const ffmpeg = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [file, stderr, [code]] = await Promise.all([buffer(ffmpeg.stdout), text(ffmpeg.stderr), once(ffmpeg, 'close')]);
  if (code !== 0) throw new Error(`FFmpeg ended with ${code}: ${stderr}`);
  return toTags(type, fourCc, [...new BoxStream().push(file)]);
}

function toTags(type: FlvTag['type'], fourCc: string, boxes: readonly Box[]): FlvTag[] {
  const moov = boxes.find((box) => box.type === 'moov');
  if (moov === undefined) throw new Error('FFmpeg wrote no moov');
  const trex = requireBox(moov, 'mvex', 'trex').data;
  const defaults = {
    durationTicks: trex.readUInt32BE(20),
    sizeBytes: trex.readUInt32BE(24),
    flags: trex.readUInt32BE(28),
  };
  const mdhd = requireBox(moov, 'trak', 'mdia', 'mdhd').data;
  const timescale = mdhd.readUInt32BE(mdhd[8] === 1 ? 28 : 20);
  const samples = boxes.flatMap((box, index) => {
    const moof = boxes[index - 1];
    return box.type === 'mdat' && moof?.type === 'moof' ? parseFragment(moof, box, defaults) : [];
  });
  const delayTicks = samples[0]?.compositionOffsetTicks ?? 0;
  const toMs = (ticks: number): number => Math.round((ticks * 1000) / timescale);
  return [
    enhancedTag(type, fourCc, { packetType: SEQUENCE_START, isKeyframe: true, body: decoderConfig(fourCc, moov.data) }),
    ...samples.map(({ decodeTicks, compositionOffsetTicks, isSync, data }) => {
      const shownMs = toMs(decodeTicks + compositionOffsetTicks - delayTicks);
      const decodedMs = toMs(decodeTicks - delayTicks);
      const body = fourCc === 'hvc1' ? Buffer.concat([int24(shownMs - decodedMs), data]) : data;
      const tag = enhancedTag(type, fourCc, { packetType: CODED_FRAMES, isKeyframe: isSync, body });
      return { ...tag, timestampMs: START_MS + decodedMs };
    }),
  ];
}

export interface EnhancedPacket {
  readonly packetType: number;
  readonly isKeyframe: boolean;
  readonly body: Buffer;
}

/** A plain tag of Enhanced RTMP, at 0 ms. */
export function enhancedTag(type: FlvTag['type'], fourCc: string, packet: EnhancedPacket): FlvTag {
  const head = Buffer.from([firstByte(type, packet), ...Buffer.from(fourCc, 'latin1')]);
  return { type, timestampMs: 0, payload: Buffer.concat([head, packet.body]) };
}

export function firstByte(type: FlvTag['type'], { packetType, isKeyframe }: Omit<EnhancedPacket, 'body'>): number {
  if (type === AUDIO_TAG) return (EX_HEADER_SOUND_FORMAT << 4) | packetType;
  return 0x80 | ((isKeyframe ? 1 : 2) << 4) | packetType;
}

/** The configuration that Enhanced RTMP has for a codec, from a moov. */
function decoderConfig(fourCc: string, moov: Buffer): Buffer {
  switch (fourCc) {
    case 'hvc1':
      return boxBody(moov, 'hvcC');
    case 'av01':
      return boxBody(moov, 'av1C');
    case 'vp09':
      return boxBody(moov, 'vpcC');
    case 'Opus':
      return opusHead(boxBody(moov, 'dOps'));
    case 'fLaC':
      return Buffer.concat([Buffer.from('fLaC'), boxBody(moov, 'dfLa').subarray(4)]);
    default:
      return Buffer.alloc(0);
  }
}

function boxBody(moov: Buffer, type: string): Buffer {
  const offset = moov.indexOf(type);
  if (offset < 0) throw new Error(`FFmpeg wrote no ${type}`);
  return moov.subarray(offset + 4, offset - 4 + moov.readUInt32BE(offset - 4));
}

/** RFC 7845, 5.1, from its big-endian form in MP4. */
function opusHead(box: Buffer): Buffer {
  const head = Buffer.from('OpusHead\x01\0\0\0\0\0\0\0\0\0\0', 'latin1');
  head.writeUInt8(box.readUInt8(1), 9);
  head.writeUInt16LE(box.readUInt16BE(2), 10);
  head.writeUInt32LE(box.readUInt32BE(4), 12);
  return head;
}

function int24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeIntBE(value, 0, 3);
  return bytes;
}

/** Tags of both kinds in the order in which a publisher sends them. */
export function interleave(...tracks: readonly (readonly FlvTag[])[]): FlvTag[] {
  const tags = tracks.flat();
  const frames = tags.filter((tag) => !isHeader(tag)).toSorted((a, b) => a.timestampMs - b.timestampMs);
  return [...tags.filter(isHeader), ...frames];
}

/** The tags of one kind of an FLV clip, which begins when enhanced ones do. */
export function legacyTags(type: FlvTag['type'], tags: readonly FlvTag[]): FlvTag[] {
  const isEndOfSequence = (tag: FlvTag) => type === VIDEO_TAG && tag.payload[1] === 2;
  return tags
    .filter((tag) => tag.type === type && !isEndOfSequence(tag))
    .map((tag) => (isHeader(tag) ? tag : { ...tag, timestampMs: tag.timestampMs + START_MS }));
}

const isHeader = (tag: FlvTag): boolean => isVideoSequenceHeader(tag) || isAudioSequenceHeader(tag);
