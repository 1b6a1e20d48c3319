import { copyFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePort, isListening } from '#kit/tcp-ports.ts';
import { waitFor } from '#kit/wait-for.ts';
import { type BenchContext, makeTemporaryFolder } from '../bench-context.ts';
import { startProgram } from '../program.ts';

/** A running nginx that serves a temporary folder and a player page. */
export interface Nginx {
  readonly folder: string;
  readonly httpUrl: string;
  /** The page that plays a playlist of the folder with unconfigured hls.js. */
  watchUrl(playlistPath: string): string;
}

const TEMPORARY_PATHS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const READY_TIMEOUT_SECONDS = 5;

const PLAYER_PAGE = `<!doctype html>
<title>hls.js</title>
<link rel="icon" href="data:,">
<video muted autoplay playsinline></video>
<script src="hls.min.js"></script>
<script>
  const hls = new Hls();
  hls.loadSource(new URLSearchParams(location.search).get('playlist'));
  hls.attachMedia(document.querySelector('video'));
</script>
`;

/** Starts nginx. `toMainConfiguration` returns the text before the `http` block, for example an `rtmp` block. */
export async function startNginx(
  context: BenchContext,
  toMainConfiguration: (folder: string) => string,
): Promise<Nginx> {
  const folder = await makeTemporaryFolder(context);
  const port = await freePort();
  const hlsFolder = dirname(createRequire(import.meta.url).resolve('hls.js'));
  await copyFile(join(hlsFolder, 'hls.min.js'), join(folder, 'hls.min.js'));
  await writeFile(join(folder, 'watch.html'), PLAYER_PAGE);
  const configurationPath = join(folder, 'nginx.conf');
  await writeFile(configurationPath, toConfiguration(folder, port, toMainConfiguration(folder)));
  const errorLog = ['-e', join(folder, 'error.log')];
  const nginx = startProgram(context, 'nginx', ['-p', folder, ...errorLog, '-c', configurationPath], { cwd: folder });
  const check = async (): Promise<boolean> => {
    nginx.assertRunning();
    return await isListening(port);
  };
  await waitFor('nginx', check, { signal: context.signal, timeoutMs: READY_TIMEOUT_SECONDS * 1000 });
  const httpUrl = `http://127.0.0.1:${port}`;
  const watchUrl = (path: string): string => `${httpUrl}/watch.html?playlist=${encodeURIComponent(path)}`;
  return { folder, httpUrl, watchUrl };
}

function toConfiguration(folder: string, port: number, mainConfiguration: string): string {
  const temporaryPaths = TEMPORARY_PATHS.map((name) => `  ${name}_temp_path ${folder}/${name};`);
  return `
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
error_log stderr warn;
pid ${folder}/nginx.pid;
${mainConfiguration}
events { worker_connections 256; }
http {
  access_log off;
${temporaryPaths.join('\n')}
  types {
    text/html html;
    application/javascript js;
    application/vnd.apple.mpegurl m3u8;
    video/mp2t ts;
  }
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    add_header Cache-Control no-cache;
  }
}
`;
}
