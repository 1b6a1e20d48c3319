import { spawn } from 'node:child_process';
import { ENHANCED_CODECS, type EnhancedFourCc, undecodableCodec } from '#encoder/media/enhanced-codecs.ts';
import { AUDIO_TAG, type FlvTag, VIDEO_TAG } from '#encoder/media/flv-tag.ts';
import { parseEnhancedCodecs, readEnhancedCodecs } from '#encoder/transcode/ffmpeg-decoders.ts';

const DECODERS = [
  'Decoders:',
  ' V..... = Video',
  ' ------',
  ' V....D libdav1d             dav1d AV1 decoder by VideoLAN (codec av1)',
  ' V....D av1                  Alliance for Open Media AV1',
  ' VFS..D hevc                 HEVC (High Efficiency Video Coding)',
  ' V..... hevc_cuvid           Nvidia CUVID HEVC decoder (codec hevc)',
  ' VFS..D vp9                  Google VP9',
  ' A....D opus                 Opus',
].join('\n');
const without = (name: string) =>
  DECODERS.split('\n')
    .filter((line) => !line.includes(` ${name} `))
    .join('\n');
const ALL: readonly EnhancedFourCc[] = ['hvc1', 'av01', 'vp09', 'Opus'];

test.each([
  ['hevc', ['av01', 'vp09', 'Opus']],
  ['vp9', ['hvc1', 'av01', 'Opus']],
  ['libdav1d', ['hvc1', 'vp09', 'Opus']],
  ['opus', ['hvc1', 'av01', 'vp09']],
])('a build without %s cannot decode its codec; hardware decoders do not count', (decoder, codecs) => {
  expect([...parseEnhancedCodecs(without(decoder))]).toEqual(codecs);
});

test('reads the codecs of the installed FFmpeg: Debian has all decoders, in every version', async () => {
  expect([...(await readEnhancedCodecs(spawn))]).toEqual(ENHANCED_CODECS.map(({ fourCc }) => fourCc));
});

test('rejects if FFmpeg is not installed', async () => {
  const missing = ((_command: string, args: string[]) => spawn('/no/such/ffmpeg', args)) as unknown as typeof spawn;
  await expect(readEnhancedCodecs(missing)).rejects.toMatchObject({ code: 'ENOENT' });
});

const video = (first: number, fourCc: string): FlvTag => ({
  type: VIDEO_TAG,
  timestampMs: 0,
  payload: Buffer.concat([Buffer.from([first]), Buffer.from(fourCc, 'latin1')]),
});

test.each([
  ['HEVC', video(0x90, 'hvc1'), 'HEVC'],
  ['HEVC without composition time', video(0xa3, 'hvc1'), 'HEVC'],
  ['AV1', video(0x91, 'av01'), 'AV1'],
  ['VP9', video(0x90, 'vp09'), 'VP9'],
  ['an unknown FourCC', video(0x90, 'dvh1'), null],
  ['a truncated FourCC', video(0x90, 'hv'), null],
  ['an empty FourCC', video(0x90, ''), null],
  ['one of many tracks', video(0x96, '\x00hvc1\x01'), 'HEVC'],
  ['a modifier', video(0x97, '\x00\x00\x00hvc1'), 'HEVC'],
  ['damaged tracks', video(0x96, '\x00hv'), null],
  ['H.264', video(0x17, 'hvc1'), null],
  ['a video codec as audio', { ...video(0x90, 'hvc1'), type: AUDIO_TAG } as FlvTag, null],
  ['Opus', { ...video(0x91, 'Opus'), type: AUDIO_TAG } as FlvTag, 'Opus'],
  ['AAC', { ...video(0xaf, 'Opus'), type: AUDIO_TAG } as FlvTag, null],
])('%s: undecodable codec', (_, tag, name) => {
  expect(undecodableCodec(tag, new Set())).toBe(name);
  expect(undecodableCodec(tag, new Set(ALL))).toBeNull();
});
