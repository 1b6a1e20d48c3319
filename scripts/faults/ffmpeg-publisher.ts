import { spawn } from 'node:child_process';
import { rememberKeys } from '#kit/secrets.ts';
import type { FaultContext } from './fault-context.ts';

/** An FFmpeg that publishes. It ends with its context. */
export interface FfmpegPublisher {
  readonly pid: number;
  /** Whether it still publishes. */
  isRunning(): boolean;
  /** Resolves when it has ended, by itself or not. */
  readonly ended: Promise<void>;
  /** Ends the publish properly. */
  stop(): Promise<void>;
  /** Ends at once, as a machine that crashes. */
  kill(): Promise<void>;
}

/** Publishes what FFmpeg's arguments name. */
export function publishWithFfmpeg(context: FaultContext, args: readonly string[], rtmpUrl: string): FfmpegPublisher {
  rememberKeys(rtmpUrl.split('/').at(-1));
  const quiet = ['-hide_banner', '-nostdin', '-loglevel', 'error'];
  const ffmpeg = spawn('ffmpeg', [...quiet, ...args, '-f', 'flv', rtmpUrl], { stdio: 'ignore' });
  const { pid } = ffmpeg;
  if (pid === undefined) throw new Error('ffmpeg could not be started');
  const ended = new Promise<void>((resolve) => ffmpeg.once('close', () => resolve()));
  const end = (signal: NodeJS.Signals) => async (): Promise<void> => {
    ffmpeg.kill(signal);
    await ended;
  };
  context.defer(end('SIGKILL'));
  const isRunning = (): boolean => ffmpeg.exitCode === null && ffmpeg.signalCode === null;
  return { pid, isRunning, ended, stop: end('SIGTERM'), kill: end('SIGKILL') };
}
