import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { RTMP_APPLICATION } from '#domain/ports.ts';
import { FIRST_KEY } from './keys.ts';

/** Everything that one FFmpeg sent over one connection. */
export interface RecordedSession {
  readonly name: string;
  readonly bytes: Buffer;
}

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=0.6'];
const SOUND = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100:duration=0.6'];
/** Makes FFmpeg produce the same bytes in every run, so that a seed always stands for the same connections. */
const EXACT = ['-fflags', '+bitexact', '-flags', '+bitexact', '-threads', '1'];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-b:v', '200k', '-g', '10'];
const AAC = ['-c:a', 'aac', '-b:a', '64k'];

const SESSIONS = [
  {
    name: 'sound and picture',
    key: FIRST_KEY,
    options: [...PICTURE, ...SOUND, ...H264, '-tune', 'zerolatency', ...AAC],
  },
  { name: 'picture with B-frames', key: FIRST_KEY, options: [...PICTURE, ...H264, '-bf', '2'] },
  { name: 'sound', key: FIRST_KEY, options: [...SOUND, ...AAC] },
  { name: 'wrong key', key: FIRST_KEY.replace('allowed', 'unknown'), options: [...SOUND, ...AAC] },
] as const;

/** Lets FFmpeg publish to the server on that port of 127.0.0.1 and play from it once. Records what it sends. */
export async function recordSessions(port: number): Promise<readonly RecordedSession[]> {
  const sessions: RecordedSession[] = [];
  for (const { name, key, options } of SESSIONS) {
    const bytes = await record(port, (url) => [...options, ...EXACT, '-f', 'flv', ...pinned(), `${url}/${key}`]);
    sessions.push({ name, bytes });
  }
  const bytes = await record(port, (url) => [...pinned(), '-i', `${url}/${FIRST_KEY}`, '-f', 'null', '-']);
  return [...sessions, { name: 'play', bytes }];
}

/** A tcUrl without the port, which differs from run to run. */
function pinned(): string[] {
  return ['-rtmp_tcurl', `rtmp://127.0.0.1/${RTMP_APPLICATION}`];
}

async function record(port: number, ffmpegArguments: (url: string) => readonly string[]): Promise<Buffer> {
  const received: Buffer[] = [];
  const proxy = createServer((client) => {
    const server = connect({ port, host: '127.0.0.1' });
    client.on('data', (chunk: Buffer) => received.push(chunk));
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
    // If the server closes first, the pipe leaves the client paused, and the end of FFmpeg would go unnoticed.
    server.on('close', () => client.resume());
    client.pipe(server).pipe(client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = `rtmp://127.0.0.1:${(proxy.address() as AddressInfo).port}/${RTMP_APPLICATION}`;
  // The exit code is ignored because the server refuses some of these.
  const ffmpeg = spawn('ffmpeg', ['-nostdin', '-loglevel', 'quiet', ...ffmpegArguments(url)], { stdio: 'ignore' });
  await once(ffmpeg, 'exit');
  proxy.close();
  await once(proxy, 'close');
  return Buffer.concat(received);
}
