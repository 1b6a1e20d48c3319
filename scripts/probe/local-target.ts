import { readRunningPlatform } from '#scripts/local/running-platform.ts';
import { CommandError } from '#scripts/stream/command-error.ts';
import { resolveConnection } from '#scripts/stream/connection.ts';
import type { ProbeTarget } from './probe-target.ts';

export interface LocalTargetOptions {
  readonly dataDir: string;
  /** File with an admin token. Null for the platform's own, or HEADEND_TOKEN. */
  readonly tokenFile: string | null;
  readonly environment: NodeJS.ProcessEnv;
}

/** Finds the platform that runs on a data folder. Rejects with a CommandError if none does. */
export async function localTarget({ dataDir, tokenFile, environment }: LocalTargetOptions): Promise<ProbeTarget> {
  const { apiUrl, token } = await resolveConnection(
    { 'data-dir': dataDir, ...(tokenFile !== null && { 'token-file': tokenFile }) },
    { HEADEND_TOKEN: environment.HEADEND_TOKEN },
  );
  const running = await readRunningPlatform(dataDir);
  if (running === null) throw new CommandError('unreachable', `The platform on ${dataDir} has just ended.`);
  const { rtmpUrl, playbackBaseUrl, originUrls } = running;
  return {
    ...{ apiUrl, token, playbackBaseUrl },
    ingestUrls: { rtmp: rtmpUrl, rtmps: null },
    origin: { kind: 'guarded', urls: originUrls },
    alarms: null,
  };
}
