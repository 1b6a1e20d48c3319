import { AAC_FOURCC, AVC_FOURCC, MP3_FOURCC } from './enhanced-codecs.ts';
import {
  CODED_FRAMES,
  CODED_FRAMES_X,
  type EnhancedTrack,
  readEnhancedTracks,
  SEQUENCE_START,
} from './enhanced-tracks.ts';
import {
  AAC_SOUND_FORMAT,
  AUDIO_TAG,
  AVC_CODEC_ID,
  EX_HEADER_SOUND_FORMAT,
  type FlvTag,
  isEnhanced,
  SCRIPT_TAG,
} from './flv-tag.ts';
import { readMp3Flags } from './mp3-header.ts';

/** Which of a publisher's tracks are not used. */
export interface IgnoredTracks {
  readonly video: boolean;
  readonly audio: boolean;
}

/**
 * Makes tags of Enhanced RTMP v2 as plain as they can be, so that nothing behind it knows of them: tags of the first video and of the
 * first audio track only, each with one track, without modifiers, and in their legacy form if their codec has one.
 */
export class PlainTags {
  #videoTrackId: number | null = null;
  #audioTrackId: number | null = null;
  #ignored: IgnoredTracks = { video: false, audio: false };

  /** What has been left out so far. */
  get ignored(): IgnoredTracks {
    return this.#ignored;
  }

  /** Null if the tag has nothing to decode. A damaged tag stays as it is. */
  add(tag: FlvTag): FlvTag | null {
    if (tag.type === SCRIPT_TAG) return tag;
    if (!isEnhanced(tag)) return this.#isChosen(tag, 0) ? tag : null;
    const tracks = readEnhancedTracks(tag);
    if (tracks === null) return tag;
    // The choice of a track is a choice for all of the publish.
    const chosen = tracks.filter(({ trackId }) => this.#isChosen(tag, trackId))[0];
    return chosen === undefined ? null : toPlainTag(tag, chosen);
  }

  /** Whether a track is the first of its kind. */
  #isChosen({ type }: FlvTag, trackId: number): boolean {
    if (type === AUDIO_TAG) this.#audioTrackId ??= trackId;
    else this.#videoTrackId ??= trackId;
    const isAudio = type === AUDIO_TAG;
    const isChosen = trackId === (isAudio ? this.#audioTrackId : this.#videoTrackId);
    if (!isChosen && !this.#ignored[isAudio ? 'audio' : 'video']) {
      this.#ignored = isAudio ? { ...this.#ignored, audio: true } : { ...this.#ignored, video: true };
    }
    return isChosen;
  }
}

function toPlainTag(tag: FlvTag, track: EnhancedTrack): FlvTag | null {
  const header = tag.type === AUDIO_TAG ? audioHeader(track) : videoHeader(tag.payload.readUInt8() & 0x70, track);
  if (header === null) return null;
  const isPlain =
    tag.payload.length === header.length + track.body.length && tag.payload.subarray(0, header.length).equals(header);
  return isPlain ? tag : { ...tag, payload: Buffer.concat([header, track.body]) };
}

/** What comes before the body in the plain tag. Null for packets without media. */
function videoHeader(frameTypeBits: number, { fourCc, packetType }: EnhancedTrack): Buffer | null {
  if (packetType !== SEQUENCE_START && packetType !== CODED_FRAMES && packetType !== CODED_FRAMES_X) return null;
  if (fourCc !== AVC_FOURCC) return Buffer.from([0x80 | frameTypeBits | packetType, ...Buffer.from(fourCc, 'latin1')]);
  const head = [frameTypeBits | AVC_CODEC_ID, packetType === SEQUENCE_START ? 0 : 1];
  return Buffer.from(packetType === CODED_FRAMES ? head : [...head, 0, 0, 0]);
}

function audioHeader({ fourCc, packetType, body }: EnhancedTrack): Buffer | null {
  if (packetType !== SEQUENCE_START && packetType !== CODED_FRAMES) return null;
  if (fourCc === AAC_FOURCC) return Buffer.from([(AAC_SOUND_FORMAT << 4) | 0x0f, packetType]);
  if (fourCc === MP3_FOURCC) return packetType === CODED_FRAMES ? Buffer.from([readMp3Flags(body)]) : null;
  return Buffer.from([(EX_HEADER_SOUND_FORMAT << 4) | packetType, ...Buffer.from(fourCc, 'latin1')]);
}
