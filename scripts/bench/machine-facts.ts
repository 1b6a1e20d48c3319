import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';

/** The facts on which the figures depend. */
export interface MachineFacts {
  readonly cores: number;
  readonly cpuModel: string;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly ffmpeg: string;
  readonly chromium: string;
  readonly nginx: string;
}

const BYTES_PER_GIGABYTE = 1_000_000_000;

/** Reads the facts. Rejects if one of the programs is missing. */
export async function readMachineFacts(): Promise<MachineFacts> {
  return {
    cores: cpus().length,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    memoryGigabytes: Math.round(totalmem() / BYTES_PER_GIGABYTE),
    kernel: await firstLine('uname', ['-sr']),
    node: process.version,
    ffmpeg: await firstLine('ffmpeg', ['-version']),
    chromium: await firstLine('chromium', ['--version']),
    nginx: await firstLine('nginx', ['-v']),
  };
}

/** The first line of output. Some programs print their version to standard error. */
async function firstLine(command: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, [...args]);
  return (stdout || stderr).split('\n')[0]?.trim() ?? '';
}
