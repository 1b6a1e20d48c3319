import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { parseMediaPlaylist } from '#kit/hls-playlist.ts';
import { MediaTimes } from '#kit/media-times.ts';
import { parseMultivariantPlaylist, type Variant } from './multivariant-checker.ts';

/** A rendition as a player gets it. */
interface DownloadedRendition {
  /** Of the largest segment. */
  readonly peakBitsPerSecond: number;
  /** As ffprobe describes the newest segment. */
  readonly track: DownloadedTrack;
  /** Segments that begin before the end of the one before them, on the media timeline. */
  readonly overlaps: readonly string[];
}

interface DownloadedTrack {
  readonly codec_name: string;
  readonly profile: string;
  readonly level: number;
  readonly width?: number;
  readonly height?: number;
  readonly r_frame_rate: string;
}

/** ffprobe's names of H.264 profiles, with their profile_idc (ITU-T H.264 A.2). */
const H264_PROFILES: Readonly<Record<string, string>> = { 'Constrained Baseline': '42', Main: '4d', High: '64' };

/**
 * Compares what a stream's multivariant playlist (`{liveUrl}/master.m3u8`) declares with its media. Returns one readable line
 * for each difference, and for each segment whose media time is not after that of the one before it, whatever runs they are of.
 * Downloads every listed segment.
 */
export async function checkDeclaredMedia(liveUrl: string): Promise<string[]> {
  const { variants, media } = parseMultivariantPlaylist(String(await download(`${liveUrl}/master.m3u8`)));
  const audioUri = media.find((item) => item.get('TYPE') === 'AUDIO')?.get('URI');
  const audio = audioUri === undefined ? null : await downloadRendition(`${liveUrl}/${audioUri}`);
  const checks = variants.map(async (variant) => {
    const own = await downloadRendition(`${liveUrl}/${variant.uri}`);
    return checkVariant(variant, variant.attributes.has('AUDIO') && audio !== null ? [own, audio] : [own]);
  });
  return [...(audio?.overlaps ?? []), ...(await Promise.all(checks)).flat()];
}

function checkVariant({ uri, attributes }: Variant, renditions: readonly DownloadedRendition[]): string[] {
  const peak = renditions.reduce((sum, { peakBitsPerSecond }) => sum + peakBitsPerSecond, 0);
  const video = renditions.map(({ track }) => track).find(({ width }) => width !== undefined);
  const found = {
    CODECS: renditions.map(({ track }) => codecString(track)).join(','),
    RESOLUTION: video && `${video.width}x${video.height}`,
    'FRAME-RATE': video && decimal(video.r_frame_rate).toFixed(3),
  };
  const declaredCodecs = attributes.get('CODECS')?.replace(/(avc1\.[0-9a-f]{2})[0-9a-f]{2}/, '$1..');
  const declared = { ...Object.fromEntries(attributes), CODECS: declaredCodecs } as Record<string, string | undefined>;
  const differences = Object.entries(found)
    .filter(([name, value]) => declared[name] !== value)
    .map(([name, value]) => `variant ${uri} declares ${name} ${declared[name]}, it is ${value}`);
  const bandwidth = Number(attributes.get('BANDWIDTH'));
  const problems = [...differences, ...(renditions[0]?.overlaps ?? [])];
  return bandwidth >= peak
    ? problems
    : [...problems, `variant ${uri} declares BANDWIDTH ${bandwidth}, its largest segments have ${peak}`];
}

async function downloadRendition(url: string): Promise<DownloadedRendition> {
  const playlist = parseMediaPlaylist(String(await download(url)));
  const fileUrl = (name: string): string => new URL(name, url).href;
  let map = '';
  let probed = Buffer.alloc(0);
  let peakBitsPerSecond = 0;
  const times = new MediaTimes();
  const overlaps: string[] = [];
  for (const segment of playlist.segments) {
    map = segment.map ?? map;
    const { uri, durationSeconds, isGap } = segment;
    if (uri === null || durationSeconds === null || isGap) continue;
    const [initSection, bytes] = await Promise.all([download(fileUrl(map)), download(fileUrl(uri))]);
    overlaps.push(...times.add(fileUrl(uri), initSection, bytes));
    // Short segments do not count for the peak (RFC 8216bis 4.4.6.2).
    if (durationSeconds < (playlist.targetDurationSeconds ?? 0) / 2) continue;
    peakBitsPerSecond = Math.max(peakBitsPerSecond, (bytes.length * 8) / durationSeconds);
    probed = Buffer.concat([initSection, bytes]);
  }
  return { peakBitsPerSecond, track: await probe(probed), overlaps };
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

async function probe(file: Buffer): Promise<DownloadedTrack> {
  const ffprobe = spawn('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', 'pipe:0'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // ffprobe may close its input before the end of a large file.
  ffprobe.stdin.on('error', () => undefined).end(file);
  const [output] = await Promise.all([text(ffprobe.stdout), once(ffprobe, 'close')]);
  const { streams } = JSON.parse(output) as { readonly streams: readonly DownloadedTrack[] };
  const [track] = streams;
  if (track === undefined || streams.length !== 1) throw new Error(`${streams.length} tracks in place of one`);
  return track;
}

/** The codec by RFC 6381, without the constraint flags of H.264, which ffprobe does not show. */
function codecString({ codec_name: codec, profile, level }: DownloadedTrack): string {
  if (codec === 'aac' && profile === 'LC') return 'mp4a.40.2';
  return `avc1.${H264_PROFILES[profile] ?? profile}..${level.toString(16).padStart(2, '0')}`;
}

/** `30000/1001` as a number. */
function decimal(ratio: string): number {
  const [numerator, denominator] = ratio.split('/').map(Number);
  return (numerator ?? Number.NaN) / (denominator ?? 1);
}
