import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RTMP_APPLICATION } from '#domain/ports.ts';
import { freePort, isListening } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';
import type { SystemUnderTest } from '../bench-context.ts';
import { startProgram } from '../program.ts';
import { startNginx } from './nginx.ts';
import { LADDER, SEGMENT_SECONDS, USUAL_CODEC_ARGUMENTS, usualEncoderArguments } from './usual-ladder.ts';

const READY_TIMEOUT_SECONDS = 5;

/** FFmpeg alone: it listens for RTMP, and its HLS muxer writes files that nginx serves. */
export const ffmpegHls: SystemUnderTest = {
  name: 'ffmpeg-hls',
  start: async (context) => {
    const nginx = await startNginx(context, () => '');
    const folder = join(nginx.folder, 'hls');
    await mkdir(folder);
    const port = await freePort();
    const publishUrl = `rtmp://127.0.0.1:${port}/${RTMP_APPLICATION}/bench`;
    const ffmpeg = startProgram(context, 'ffmpeg', ffmpegArguments(publishUrl), { cwd: folder });
    const check = async (): Promise<boolean> => {
      ffmpeg.assertRunning();
      return await isListening(port);
    };
    await waitFor('FFmpeg', check, { signal: context.signal, timeoutMs: READY_TIMEOUT_SECONDS * 1000 });
    return {
      publishUrl,
      multivariantPlaylistUrl: `${nginx.httpUrl}/hls/master.m3u8`,
      watchUrl: nginx.watchUrl('/hls/master.m3u8'),
    };
  },
};

function ffmpegArguments(listenUrl: string): string[] {
  const maps = LADDER.flatMap(() => ['-map', '0:v', '-map', '0:a']);
  const encoders = LADDER.flatMap((rung, index) => usualEncoderArguments(rung, `:${index}`));
  const variants = LADDER.map((rung, index) => `v:${index},a:${index},name:${rung.name}`);
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-f', 'flv', '-listen', '1', '-i', listenUrl],
    ...[...maps, ...USUAL_CODEC_ARGUMENTS, ...encoders],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_list_size', '6'],
    ...['-hls_flags', 'delete_segments+independent_segments', '-master_pl_name', 'master.m3u8'],
    ...['-var_stream_map', variants.join(' '), '-hls_segment_filename', '%v-%d.ts', '%v.m3u8'],
  ];
}
