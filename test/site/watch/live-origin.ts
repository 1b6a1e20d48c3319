import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, watch } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { PlaybackStatusBody } from '#domain/playback-status.ts';
import { SITE_HEADERS } from '#domain/site-headers.ts';

/**
 * `absent`: 404 for the stream. `ended`: playlists have EXT-X-ENDLIST. `refused`: 403. `down`: every connection is cut.
 */
export type OriginMode = 'absent' | 'live' | 'ended' | 'refused' | 'down';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.mp4': 'video/mp4',
  '.m4s': 'video/mp4',
};
const PLAYLISTS = ['master.m3u8', '0/media.m3u8', '1/media.m3u8', '2/media.m3u8'];

/** Width and height of the source. The second rendition has half of them. */
const SOURCE_SIZE = { landscape: [320, 180], portrait: [180, 320] } as const;

export type SourceShape = keyof typeof SOURCE_SIZE;

/**
 * Two small renditions and a separate audio rendition in 1 s segments. `run` makes the file names of each restart
 * unique.
 */
function ffmpegArguments(run: number, shape: SourceShape): string[] {
  const [width, height] = SOURCE_SIZE[shape];
  const input = [
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${width}x${height}:rate=15`,
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440',
  ];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p', '-g', '15'];
  const sizes = [
    '-s:v:0',
    `${width}x${height}`,
    '-b:v:0',
    '200k',
    '-s:v:1',
    `${width / 2}x${height / 2}`,
    '-b:v:1',
    '80k',
  ];
  const hls = ['-f', 'hls', '-hls_time', '1', '-hls_list_size', '12', '-hls_segment_type', 'fmp4'];
  const names = ['-hls_fmp4_init_filename', `init-%v-${run}.mp4`, '-hls_segment_filename', `%v/${run}-%d.m4s`];
  const flags = ['-hls_flags', 'append_list+discont_start+omit_endlist+independent_segments+program_date_time'];
  const streams = ['-var_stream_map', 'v:0,agroup:audio v:1,agroup:audio a:0,agroup:audio,default:yes'];
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-re'],
    ...input,
    ...['-map', '0:v', '-map', '0:v', '-map', '1:a', '-threads', '1'],
    ...[...video, ...sizes, '-c:a', 'aac', '-b:a', '64k'],
    ...[...hls, ...names, ...flags, ...streams, '-master_pl_name', 'master.m3u8', '%v/media.m3u8'],
  ];
}

/** A real FFmpeg behind a web server that also serves the built page. `mode` makes the server fail in various ways. */
export class LiveOrigin {
  #mode: OriginMode = 'absent';
  #status: Partial<PlaybackStatusBody> = {};
  #version = 0;
  shape: SourceShape = 'landscape';
  /** Paths of all requests for media. */
  readonly requestedPaths: string[] = [];
  readonly #server: Server;
  readonly #mediaDir: string;
  readonly #sockets = new Set<Socket>();
  readonly #modes = new EventEmitter();
  #ffmpeg: ChildProcess | null = null;
  #runs = 0;

  private constructor(server: Server, mediaDir: string, siteDir: string) {
    this.#server = server;
    this.#mediaDir = mediaDir;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', async ({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://localhost');
      // A request that has the version of the status waits for another one.
      if (searchParams.get('after') === `${this.#version}`) await once(this.#modes, 'change');
      if (/^\/(live|t)\//.test(pathname)) await this.#answerMedia(pathname, response);
      else await sendFile(join(siteDir, /^\/(watch|embed)\//.test(pathname) ? 'watch.html' : pathname), response);
    });
  }

  /** `siteDir` is the output folder of buildSite. */
  static async start(siteDir: string): Promise<LiveOrigin> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LiveOrigin(server, await mkdtemp(join(tmpdir(), 'headend-player-')), siteDir);
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  get mode(): OriginMode {
    return this.#mode;
  }

  set mode(mode: OriginMode) {
    this.#mode = mode;
    this.#version += 1;
    this.#modes.emit('change');
  }

  /** What status.json says beyond what follows from the mode, or instead of it. */
  set status(status: Partial<PlaybackStatusBody>) {
    this.#status = status;
    this.#version += 1;
    this.#modes.emit('change');
  }

  /** Starts FFmpeg and serves the stream as soon as all playlists exist. */
  async goLive(): Promise<void> {
    const changes = watch(this.#mediaDir, { recursive: true });
    this.startFfmpeg();
    for await (const _change of changes) {
      if (PLAYLISTS.every((path) => existsSync(join(this.#mediaDir, path)))) break;
    }
    this.mode = 'live';
  }

  startFfmpeg(): void {
    this.#ffmpeg = spawn('ffmpeg', ffmpegArguments(this.#runs, this.shape), { cwd: this.#mediaDir, stdio: 'inherit' });
    this.#runs += 1;
  }

  async killFfmpeg(): Promise<void> {
    if (this.#ffmpeg === null) return;
    const exited = once(this.#ffmpeg, 'exit');
    this.#ffmpeg.kill('SIGKILL');
    await exited;
    this.#ffmpeg = null;
  }

  /** Cuts all connections, and every new one until the mode changes. */
  goDown(): void {
    this.mode = 'down';
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    await this.killFfmpeg();
    this.goDown();
    this.#server.close();
    await once(this.#server, 'close');
    await rm(this.#mediaDir, { recursive: true, force: true });
  }

  async #answerMedia(pathname: string, response: ServerResponse): Promise<void> {
    this.requestedPaths.push(pathname);
    if (this.mode === 'down') {
      response.destroy();
      return;
    }
    if (this.mode === 'refused') {
      response.writeHead(403).end();
      return;
    }
    if (pathname.endsWith('/status.json')) {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const body = { status: this.mode === 'absent' ? 'idle' : this.mode, ...this.#status };
      response.end(JSON.stringify({ ...body, version: `${this.#version}` }));
      return;
    }
    if (this.mode === 'absent') {
      response.writeHead(404).end();
      return;
    }
    const path = join(this.#mediaDir, pathname.replace(/^.*\/live\/[^/]+\//, ''));
    const suffix = this.mode === 'ended' && path.endsWith('media.m3u8') ? '#EXT-X-ENDLIST\n' : '';
    await sendFile(path, response, suffix);
  }
}

async function sendFile(path: string, response: ServerResponse, suffix = ''): Promise<void> {
  try {
    const body = await readFile(path);
    response.writeHead(200, {
      'Content-Type': CONTENT_TYPES[extname(path)] ?? 'application/octet-stream',
      ...SITE_HEADERS.watch,
      'Cache-Control': 'no-store',
    });
    response.end(Buffer.concat([body, Buffer.from(suffix)]));
  } catch (error) {
    response.writeHead((error as NodeJS.ErrnoException).code === 'ENOENT' ? 404 : 500).end();
  }
}
