import { RTMP_APPLICATION } from '#domain/ports.ts';
import { freePort } from '#kit/tcp-ports.ts';
import type { SystemUnderTest } from '../bench-context.ts';
import { startNginx } from './nginx.ts';
import { AUDIO_KBPS, LADDER, SEGMENT_SECONDS, USUAL_CODEC_ARGUMENTS, usualEncoderArguments } from './usual-ladder.ts';

const RTMP_MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';
const PLAYLIST_SECONDS = 20;
const STREAM_NAME = 'bench';

/**
 * nginx-rtmp passes each publish to an FFmpeg, which publishes the renditions back, and cuts these into HLS. It waits
 * for a keyframe: otherwise the first segment starts with a gap on which hls.js stalls for 20 seconds.
 */
export const nginxRtmp: SystemUnderTest = {
  name: 'nginx-rtmp',
  start: async (context) => {
    const rtmpPort = await freePort();
    const nginx = await startNginx(context, (folder) => rtmpConfiguration(folder, rtmpPort));
    const playlistPath = `/hls/${STREAM_NAME}.m3u8`;
    return {
      publishUrl: `rtmp://127.0.0.1:${rtmpPort}/${RTMP_APPLICATION}/${STREAM_NAME}`,
      multivariantPlaylistUrl: `${nginx.httpUrl}${playlistPath}`,
      watchUrl: nginx.watchUrl(playlistPath),
    };
  },
};

function rtmpConfiguration(folder: string, port: number): string {
  const server = `rtmp://127.0.0.1:${port}`;
  const outputs = LADDER.flatMap((rung) => [
    ...['-map', '0:v', '-map', '0:a', ...USUAL_CODEC_ARGUMENTS, ...usualEncoderArguments(rung, '')],
    ...['-f', 'flv', `${server}/hls/$name_${rung.name}`],
  ]);
  const ffmpeg = [
    'ffmpeg',
    '-hide_banner',
    '-loglevel',
    'error',
    '-i',
    `${server}/${RTMP_APPLICATION}/$name`,
    ...outputs,
  ];
  const variants = LADDER.map((rung) => {
    const bitsPerSecond = (rung.videoKbps + AUDIO_KBPS) * 1000;
    return `      hls_variant _${rung.name} BANDWIDTH=${bitsPerSecond};`;
  });
  return `
load_module ${RTMP_MODULE};
env PATH;
rtmp {
  server {
    listen 127.0.0.1:${port};
    application ${RTMP_APPLICATION} {
      live on;
      wait_key on;
      wait_video on;
      exec_push ${ffmpeg.map((argument) => `"${argument}"`).join(' ')};
    }
    application hls {
      live on;
      hls on;
      hls_path ${folder}/hls;
      hls_fragment ${SEGMENT_SECONDS}s;
      hls_playlist_length ${PLAYLIST_SECONDS}s;
${variants.join('\n')}
    }
  }
}
`;
}
