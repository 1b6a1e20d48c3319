import type { FlvTag } from './flv-tag.ts';
import { flvHeader, flvTag } from './flv-writer.ts';
import { matroskaFrame, matroskaHeader } from './matroska-writer.ts';
import type { SourceDescription } from './source-description.ts';

/** The file format in which FFmpeg gets a source, by FFmpeg's name. */
export type SourceContainer = 'flv' | 'matroska';

/** FLV for what it has always had. For other codecs, FFmpeg's FLV needs a version that few systems have: 6.1 for HEVC, 8 for Opus. */
export function containerOf({ video, audio }: SourceDescription): SourceContainer {
  const isLegacyVideo = video === null || video.codec === 'h264';
  const isLegacyAudio = audio === null || audio.codec === 'aac' || audio.codec === 'mp3';
  return isLegacyVideo && isLegacyAudio ? 'flv' : 'matroska';
}

/** The beginning of a source's file, with its decoders' configuration. */
export function containerHeader(source: SourceDescription, sequenceHeaders: readonly FlvTag[]): Buffer {
  if (containerOf(source) === 'matroska') return matroskaHeader(source, sequenceHeaders);
  const header = flvHeader({ hasVideo: source.video !== null, hasAudio: source.audio !== null });
  return Buffer.concat([header, ...sequenceHeaders.map((tag) => flvTag(tag, 0))]);
}

/** A frame of the file. `timestampMs` replaces the tag's own timestamp. */
export function containerFrame(container: SourceContainer, tag: FlvTag, timestampMs: number): Buffer {
  return container === 'flv' ? flvTag(tag, timestampMs) : matroskaFrame(tag, timestampMs);
}
