import { spawn } from 'node:child_process';
import { type EnhancedFourCc, undecodableCodec } from '#encoder/media/enhanced-codecs.ts';
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
const ALL: readonly EnhancedFourCc[] = ['hvc1', 'av01', 'vp09'];

test.each([
  ['5.1.9-0+deb12u1', []],
  ['6.0', []],
  ['6.0.1', []],
  ['6.1', ALL],
  ['6.1.1-3ubuntu5', ALL],
  ['7.0.2', ALL],
  ['7.1.1-1+b1', ALL],
  ['n7.1', ALL],
  ['n5.1.2', []],
  ['10.0', ALL],
  ['N-118000-g1a2b3c4', ALL],
])('FFmpeg %s can decode %j', (version, codecs) => {
  const banner = `ffmpeg version ${version} Copyright (c) 2000-2026 the FFmpeg developers\n  built with gcc 12`;
  expect([...parseEnhancedCodecs(banner, DECODERS)]).toEqual(codecs);
});

test.each([
  ['hevc', ['av01', 'vp09']],
  ['vp9', ['hvc1', 'av01']],
  ['libdav1d', ['hvc1', 'vp09']],
])('a build without %s cannot decode its codec; hardware decoders do not count', (decoder, codecs) => {
  expect([...parseEnhancedCodecs('ffmpeg version 7.1', without(decoder))]).toEqual(codecs);
});

test('reads the codecs of the installed FFmpeg', async () => {
  const { stdout } = spawn('ffmpeg', ['-version']);
  const [line] = (await new Promise<string>((resolve) => stdout.once('data', (chunk) => resolve(`${chunk}`)))).split(
    '\n',
  );
  const isOld = /version n?([0-5]\.|6\.0)/.test(line ?? '');
  expect((await readEnhancedCodecs(spawn)).size > 0).toBe(!isOld);
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
  ['multitrack video', video(0x96, 'hvc1'), null],
  ['H.264', video(0x17, 'hvc1'), null],
  ['audio', { ...video(0x90, 'hvc1'), type: AUDIO_TAG } as FlvTag, null],
])('%s: undecodable codec', (_, tag, name) => {
  expect(undecodableCodec(tag, new Set())).toBe(name);
  expect(undecodableCodec(tag, new Set(ALL))).toBeNull();
});
