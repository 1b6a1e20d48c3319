import { AUDIO_RENDITION } from '#domain/ladders.ts';
import { BASE_CODEC, type VideoCodec } from '#domain/video-codecs.ts';
import { AAC_FRAME_SAMPLES } from '#encoder/media/aac-config.ts';
import type { CaptionChannel } from '#encoder/media/closed-captions.ts';
import {
  type AudioRendition,
  framesPerSecond,
  type RunDescription,
  renditionFrameRate,
  type VideoRendition,
  videoCodec,
} from '#encoder/media/media-run.ts';
import { chunkOverheadBytes } from './cmaf-chunk.ts';
import { cutGrid } from './cut-grid.ts';
import { PLAYLIST_VERSION } from './media-playlist.ts';
import type { StreamPackage } from './stream-package.ts';

/**
 * How far a segment's bitrate may exceed the average: what the rate control of x264 and x265 allows. That of libaom knows no limit for a
 * segment. With a cut in every other GOP of a grainy clip, it had 1.43 times its bitrate.
 */
const VIDEO_PEAK_FACTORS = { h264: 1.25, hevc: 1.25, av1: 1.5 } as const satisfies Record<VideoCodec, number>;
/** The same for AAC, whose frames vary little. */
const AUDIO_PEAK_FACTOR = 1.1;
/**
 * How much of the average the IDR frames alone may have. Each fits into the encoder's buffer, which is a quarter of a segment, and the
 * shortest stretch that counts for a peak is half a target duration.
 */
const IFRAME_SHARES = { average: 0.25, peak: 0.5 } as const;

const LANGUAGE_NAMES = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });

const CAPTIONS_GROUP = 'cc';

/** The multivariant playlist (RFC 8216bis 4.4.6), or null while nothing can be played. */
export function renderMultivariantPlaylist(stream: StreamPackage): string | null {
  const run = stream.playableRun;
  if (run === null) return null;
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${PLAYLIST_VERSION}`, '#EXT-X-INDEPENDENT-SEGMENTS'];
  lines.push(...titleData(stream.title));
  if (run.video.length === 0) {
    lines.push(...audioOnlyVariant(stream, run));
  } else {
    if (run.audio !== null) lines.push(audioMedia(run.audio));
    lines.push(...stream.captions.map(captionsMedia));
    for (const rendition of run.video) lines.push(...videoVariant(stream, run, rendition));
    for (const rendition of run.video) lines.push(iframeVariant(stream, run, rendition));
  }
  return `${lines.join('\n')}\n`;
}

/** The title for players that show one (RFC 8216bis 4.4.6.4). A quoted string has no quotation marks and no line ends. */
function titleData(title: string | null): string[] {
  const value = (title ?? '')
    .replace(/\p{Cc}/gu, ' ')
    .replaceAll('"', "'")
    .trim();
  return value === '' ? [] : [`#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="${value}"`];
}

/** A language has a name that viewers can choose by. */
function audioMedia({ language, channels }: AudioRendition): string {
  const languageName = language === undefined ? undefined : LANGUAGE_NAMES.of(language);
  const attributes = [
    'TYPE=AUDIO',
    `GROUP-ID="${AUDIO_RENDITION}"`,
    `NAME="${languageName ?? 'Audio'}"`,
    ...(language === undefined ? [] : [`LANGUAGE="${language}"`]),
    'DEFAULT=YES',
    'AUTOSELECT=YES',
    `CHANNELS="${channels}"`,
    `URI="${AUDIO_RENDITION}/media.m3u8"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(',')}`;
}

/**
 * A channel of closed captions, which is in the video. Nobody knows its language. Only one may be chosen without the viewer, because
 * nothing tells the channels apart (RFC 8216bis 4.4.6.1.1), and none is shown unless the viewer or the player asks for captions.
 */
function captionsMedia(channel: CaptionChannel, index: number): string {
  const number = channel.slice(-1);
  const name = number === '1' ? 'Captions' : `Captions ${number}`;
  const attributes = [
    'TYPE=CLOSED-CAPTIONS',
    `GROUP-ID="${CAPTIONS_GROUP}"`,
    `NAME="${channel.startsWith('CC') ? name : `${name} (CEA-708)`}"`,
    'DEFAULT=NO',
    `AUTOSELECT=${index === 0 ? 'YES' : 'NO'}`,
    `INSTREAM-ID="${channel}"`,
  ];
  return `#EXT-X-MEDIA:${attributes.join(',')}`;
}

function videoVariant(stream: StreamPackage, run: RunDescription, rendition: VideoRendition): string[] {
  const { frameRate, audio } = run;
  const videoBits = videoBitrates(stream, run, rendition);
  const audioBits = audio === null ? { average: 0, peak: 0 } : audioBitrates(stream, run, audio);
  const codecs = [stream.codec(rendition.name), audio === null ? null : stream.codec(AUDIO_RENDITION)];
  const attributes = [
    `BANDWIDTH=${videoBits.peak + audioBits.peak}`,
    `AVERAGE-BANDWIDTH=${videoBits.average + audioBits.average}`,
    `CODECS="${codecs.filter((codec) => codec !== null).join(',')}"`,
    `RESOLUTION=${rendition.width}x${rendition.height}`,
  ];
  // The most that the variant ever has (RFC 8216bis 4.4.6.2), also while it has half of the frames.
  if (frameRate !== null) attributes.push(`FRAME-RATE=${framesPerSecond(frameRate).toFixed(3)}`);
  // Other ranges are mapped to it (see `filterGraph`), and the codec has eight bits.
  attributes.push('VIDEO-RANGE=SDR');
  if (audio !== null) attributes.push(`AUDIO="${AUDIO_RENDITION}"`);
  attributes.push(...captionsAttribute(stream, rendition));
  return [`#EXT-X-STREAM-INF:${attributes.join(',')}`, `${rendition.name}/media.m3u8`];
}

/** The rendition's IDR frames alone, for thumbnails and trick play (RFC 8216bis 4.4.6.3). */
function iframeVariant(
  stream: StreamPackage,
  run: RunDescription,
  { name, videoKbps, width, height }: VideoRendition,
): string {
  const { partFrames, segmentSeconds } = cutGrid(stream.profile, run);
  const container = (chunkOverheadBytes(partFrames) * 8) / segmentSeconds;
  const attributes = [
    `BANDWIDTH=${Math.ceil(videoKbps * 1000 * IFRAME_SHARES.peak + container)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(videoKbps * 1000 * IFRAME_SHARES.average + container)}`,
    `CODECS="${stream.codec(name)}"`,
    `RESOLUTION=${width}x${height}`,
    'VIDEO-RANGE=SDR',
    `URI="${name}/iframes.m3u8"`,
  ];
  return `#EXT-X-I-FRAME-STREAM-INF:${attributes.join(',')}`;
}

/**
 * The encoders of other codecs than H.264 drop captions. If one variant says that it has none, all must (RFC 8216bis 4.4.6.2), so
 * those say nothing.
 */
function captionsAttribute({ captions }: StreamPackage, rendition: VideoRendition): string[] {
  if (captions.length === 0) return ['CLOSED-CAPTIONS=NONE'];
  return videoCodec(rendition) === BASE_CODEC ? [`CLOSED-CAPTIONS="${CAPTIONS_GROUP}"`] : [];
}

function audioOnlyVariant(stream: StreamPackage, run: RunDescription): string[] {
  if (run.audio === null) return [];
  const bits = audioBitrates(stream, run, run.audio);
  const attributes = [
    `BANDWIDTH=${bits.peak}`,
    `AVERAGE-BANDWIDTH=${bits.average}`,
    `CODECS="${stream.codec(AUDIO_RENDITION)}"`,
  ];
  return [`#EXT-X-STREAM-INF:${attributes.join(',')}`, `${AUDIO_RENDITION}/media.m3u8`];
}

/** The bitrate that a rendition of a run never exceeds, in bit/s. */
export function peakBitsPerSecond(stream: StreamPackage, run: RunDescription, name: string): number {
  const video = run.video.find((rendition) => rendition.name === name);
  if (video !== undefined) return videoBitrates(stream, run, video).peak;
  if (run.audio !== null && name === AUDIO_RENDITION) return audioBitrates(stream, run, run.audio).peak;
  throw new Error(`run ${run.epoch} has no rendition ${name}`);
}

/** In whole bit/s. */
interface Bitrates {
  readonly average: number;
  readonly peak: number;
}

function videoBitrates(stream: StreamPackage, run: RunDescription, rendition: VideoRendition): Bitrates {
  const { name, videoKbps } = rendition;
  const samplesPerSecond = run.frameRate === null ? 0 : framesPerSecond(renditionFrameRate(run.frameRate, rendition));
  const container = containerBitsPerSecond(stream, run, samplesPerSecond);
  return bitrates(stream, name, videoKbps * 1000, VIDEO_PEAK_FACTORS[videoCodec(rendition)], container);
}

function audioBitrates(
  stream: StreamPackage,
  run: RunDescription,
  { audioKbps, sampleRateHz }: AudioRendition,
): Bitrates {
  const container = containerBitsPerSecond(stream, run, sampleRateHz / AAC_FRAME_SAMPLES);
  return bitrates(stream, AUDIO_RENDITION, audioKbps * 1000, AUDIO_PEAK_FACTOR, container);
}

/**
 * What the encoder was told, or what was measured if that is more. Never less: what was cheap so far, such as a still picture, says
 * nothing of what comes, and a player that believed it would choose a rendition that it can't load in time. Players such as hls.js
 * go by the average too.
 */
function bitrates(
  stream: StreamPackage,
  rendition: string,
  configuredBitsPerSecond: number,
  peakFactor: number,
  container: number,
): Bitrates {
  const measured = stream.renditions.get(rendition)?.bitrates;
  // The average of less than a playlist window is that of a few keyframes.
  const isMeasured = measured !== undefined && measured.measuredSeconds >= stream.profile.windowSeconds;
  const average = Math.max(configuredBitsPerSecond + container, isMeasured ? measured.averageBitsPerSecond : 0);
  const configuredPeak = configuredBitsPerSecond * peakFactor + container;
  const peak = Math.max(configuredPeak, measured?.peakBitsPerSecond ?? 0, average);
  return { average: Math.ceil(average), peak: Math.ceil(peak) };
}

/** What the chunks' boxes add to a rendition's media. */
function containerBitsPerSecond({ profile }: StreamPackage, run: RunDescription, samplesPerSecond: number): number {
  const { partsPerSegment, segmentSeconds } = cutGrid(profile, run);
  const partsPerSecond = partsPerSegment / segmentSeconds;
  return partsPerSecond * chunkOverheadBytes(samplesPerSecond / partsPerSecond) * 8;
}
