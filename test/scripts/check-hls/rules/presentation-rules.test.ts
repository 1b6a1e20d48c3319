import type { InitTrack } from '#scripts/check-hls/media/init-tracks.ts';
import { parseMultivariantPlaylist } from '#scripts/check-hls/playlist/multivariant-playlist.ts';
import type { ObservedRendition } from '#scripts/check-hls/rules/observed-rendition.ts';
import { PRESENTATION_RULES } from '#scripts/check-hls/rules/presentation-rules.ts';

const VIDEO = { kind: 'video', codec: 'avc1.64001f' } as const;
const AAC = { kind: 'audio', codec: 'mp4a.40.2' } as const;
const AC3 = { kind: 'audio', codec: 'ac-3' } as const;
const TEXT = { kind: 'other', codec: 'wvtt' } as const;

type CodedTrack = Pick<InitTrack, 'kind' | 'codec'>;

function rendition(path: string, tracks: readonly CodedTrack[]): ObservedRendition {
  const whole = tracks.map((track, index) => ({
    ...{ trackId: index + 1, timescale: 1_000, width: null, height: null, channels: null },
    ...{ defaults: { durationTicks: 0, sizeBytes: 0 }, ...track },
  }));
  return {
    ...{ path, tracks: whole, track: whole[0] ?? null, segments: [], isIFramePlaylist: false },
    targetDurationSeconds: 2,
    partTargetSeconds: null,
  };
}

/** What `codecs-true` finds in a stream of one variant and a group of sound. */
function flaws(declared: string, tracks: Readonly<Record<string, readonly CodedTrack[]>>): readonly string[] {
  const sound = Object.keys(tracks).filter((uri) => uri !== 'video.m3u8');
  const media = sound.map((uri) => `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="${uri}",URI="${uri}"\n`).join('');
  const playlist = parseMultivariantPlaylist(
    `#EXTM3U\n${media}#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="${declared}",AUDIO="a"\nvideo.m3u8\n`,
  );
  const renditions = Object.entries(tracks).map(([uri, own]) => rendition(uri, own));
  const renditionOf = (uri: string) => renditions.find(({ path }) => path === uri);
  const rule = PRESENTATION_RULES.find(({ id }) => id === 'codecs-true');
  return rule?.check({ ...playlist, renditions, renditionOf, lags: [] }) ?? ['no such rule'];
}

test.each([
  ['pictures and sound in one file', 'avc1.64001F,mp4a.40.2', { 'video.m3u8': [VIDEO, AAC] }],
  ['sound of several formats', 'avc1.64001f,mp4a.40.2,ac-3', { 'video.m3u8': [VIDEO], a: [AAC], b: [AC3] }],
  ['subtitles', 'avc1.64001f,mp4a.40.2,wvtt', { 'video.m3u8': [VIDEO], a: [AAC] }],
  ['subtitles beside the picture', 'avc1.64001f,wvtt', { 'video.m3u8': [VIDEO, TEXT] }],
  ['sound that nobody has loaded', 'avc1.64001f,mp4a.40.2', { 'video.m3u8': [VIDEO], a: [] }],
])('CODECS may be of %s', (_, declared, tracks) => {
  expect(flaws(declared, tracks)).toEqual([]);
});

test.each([
  ['lacks sound', 'avc1.64001f', { 'video.m3u8': [VIDEO], a: [AAC] }],
  ['lacks one format of the sound', 'avc1.64001f,mp4a.40.2', { 'video.m3u8': [VIDEO], a: [AAC], b: [AC3] }],
  ['has sound that is not there', 'avc1.64001f,mp4a.40.2', { 'video.m3u8': [VIDEO] }],
])('CODECS that %s is found', (_, declared, tracks) => {
  expect(flaws(declared, tracks)).toHaveLength(1);
});
