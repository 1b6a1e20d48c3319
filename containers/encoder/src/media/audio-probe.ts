import { AAC_CONFIG_OFFSET, parseAacConfig } from './aac-config.ts';
import { parseEnhancedAudio } from './enhanced-audio.ts';
import { AAC_SOUND_FORMAT, EX_HEADER_SOUND_FORMAT, type FlvTag, isAudioSequenceHeader } from './flv-tag.ts';
import { type SourceAudio, UnsupportedSourceError } from './source-description.ts';

/** Sound formats (FLV specification, table E.4.2.1). */
const MP3_SOUND_FORMAT = 2;
const MP3_8_KHZ_SOUND_FORMAT = 14;
const UNSUPPORTED_FORMAT_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'PCM'],
  [1, 'ADPCM'],
  [3, 'PCM'],
  [4, 'Nellymoser'],
  [5, 'Nellymoser'],
  [6, 'Nellymoser'],
  [7, 'G.711 A-law'],
  [8, 'G.711 mu-law'],
  [11, 'Speex'],
]);
const MP3_SAMPLE_RATES_HZ = [5_512, 11_025, 22_050, 44_100] as const;

/** Derives a source's audio format from its first plain tags. */
export class AudioProbe {
  #seen = false;
  #audio: SourceAudio | null = null;

  /** Whether any audio came. */
  get seen(): boolean {
    return this.#seen;
  }

  /** Returns true if the tag is an audio frame. Throws UnsupportedSourceError. */
  add(tag: FlvTag): boolean {
    const first = tag.payload[0];
    if (first === undefined) return false;
    this.#seen = true;
    const format = first >> 4;
    if (format === MP3_SOUND_FORMAT || format === MP3_8_KHZ_SOUND_FORMAT) {
      this.#audio = readMp3(first);
      return true;
    }
    if (format === EX_HEADER_SOUND_FORMAT) {
      this.#audio = parseEnhancedAudio(tag.payload) ?? this.#audio;
      return !isAudioSequenceHeader(tag);
    }
    if (format !== AAC_SOUND_FORMAT) throw unsupportedFormat(format);
    if (!isAudioSequenceHeader(tag)) return true;
    const config = parseAacConfig(tag.payload.subarray(AAC_CONFIG_OFFSET));
    if (config === null) throw new UnsupportedSourceError('The AAC sequence header is damaged');
    this.#audio = { codec: 'aac', ...config };
    return false;
  }

  /** Null until known. */
  describe(): SourceAudio | null {
    return this.#audio;
  }
}

/** MP3 has no sequence header in FLV; the flags of each tag describe it. */
function readMp3(first: number): SourceAudio {
  const flaggedRate = MP3_SAMPLE_RATES_HZ[((first >> 2) & 0x03) as 0 | 1 | 2 | 3];
  const sampleRateHz = first >> 4 === MP3_8_KHZ_SOUND_FORMAT ? 8_000 : flaggedRate;
  return { codec: 'mp3', sampleRateHz, channels: (first & 0x01) + 1 };
}

function unsupportedFormat(format: number): UnsupportedSourceError {
  const name = UNSUPPORTED_FORMAT_NAMES.get(format) ?? `number ${format}`;
  return new UnsupportedSourceError(`Audio codec ${name} is not supported; send AAC`);
}
