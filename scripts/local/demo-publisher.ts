import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';

const RESTART_DELAY_MS = 1_000;

export interface DemoPublisherOptions {
  /** Address of the RTMP server, with its application. */
  readonly rtmpUrl: string;
  readonly streamKey: string;
  /** A file for the key, which every user of the machine could see among FFmpeg's arguments. */
  readonly keyFile: string;
  /** Resolves to false if the key was rotated or the stream deleted. A rejection means unknown. */
  readonly isKeyValid: () => Promise<boolean>;
  /** Called when the demo ends for that reason. */
  readonly onKeyLost: () => void;
  /** @default RESTART_DELAY_MS */
  readonly restartDelayMs?: number;
}

/**
 * Publishes a moving test picture with a clock and a tone until it is stopped or its key becomes invalid. If it went on
 * with an invalid key, the guard would block this machine's own broadcasters.
 */
export class DemoPublisher {
  readonly #options: DemoPublisherOptions;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(options: DemoPublisherOptions) {
    this.#options = options;
  }

  /** Rejects if the file for the key can't be written. */
  async start(): Promise<void> {
    const { streamKey, keyFile } = this.#options;
    await writeFile(keyFile, `rtmp_playpath=${streamKey}\n`, { mode: 0o600 });
    this.#publish();
  }

  #publish(): void {
    const { rtmpUrl, keyFile } = this.#options;
    const child = spawn('ffmpeg', demoArguments(rtmpUrl, keyFile), { stdio: 'ignore' });
    this.#child = child;
    child.once('exit', () => this.#restartSoon());
  }

  #restartSoon(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#restart(), this.#options.restartDelayMs ?? RESTART_DELAY_MS);
  }

  async #restart(): Promise<void> {
    const { isKeyValid, onKeyLost } = this.#options;
    // If the answer is unknown, asks again later.
    const isValid = await isKeyValid().catch(() => null);
    if (this.#isStopped) return;
    if (isValid === null) this.#restartSoon();
    else if (isValid) this.#publish();
    else onKeyLost();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** FFmpeg's arguments for a test picture: 720p, 30 fps, 3 Mbit/s. The file is a preset that names the stream. */
function demoArguments(rtmpUrl: string, keyFile: string): string[] {
  const inputs = [
    '-re',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=1280x720:rate=30',
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440',
  ];
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-b:v',
    '3M',
    '-g',
    '60',
    '-pix_fmt',
    'yuv420p',
  ];
  const audio = ['-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-ac', '2'];
  return ['-loglevel', 'error', ...inputs, ...video, ...audio, '-fpre', keyFile, '-f', 'flv', rtmpUrl];
}
