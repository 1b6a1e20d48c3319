import { masterPath, watchPath } from '#domain/playback-paths.ts';
import type { OwnStream } from './own-stream.ts';

export interface WelcomeOptions {
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly adminToken: string;
  /** Null if a backend manages the streams. */
  readonly stream: OwnStream | null;
  /** Whether the demo publishes to the stream. */
  readonly isDemo: boolean;
  /** Null if log lines go to standard error. */
  readonly logPath: string | null;
  /** Further logs, of one encoder each. */
  readonly taskLogPaths: readonly string[];
}

/** Everything that a person needs to go live. */
export function welcome(options: WelcomeOptions): string {
  const { playbackBaseUrl, adminToken, stream, isDemo, logPath, taskLogPaths } = options;
  const playbackId = stream?.playbackId ?? 'PLAYBACK_ID';
  const lines = [
    '',
    '  Headend is running.',
    '',
    ...(isDemo ? ['  A test picture is being published.', ''] : publishLines(options)),
    `  Watch        ${playbackBaseUrl}${watchPath(playbackId)}`,
    `  Playlist     ${playbackBaseUrl}${masterPath(playbackId)}`,
    `  Control API  ${playbackBaseUrl}/api  (admin token ${adminToken})`,
    ...(logPath === null ? [] : [`  Log          ${logPath}`]),
    ...taskLogPaths.map((path, index) => `  Encoder ${index + 1}    ${path}`),
    '',
    '  Ctrl-C ends it.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function publishLines({ rtmpUrl, stream }: WelcomeOptions): string[] {
  const urlKey = stream?.streamKey ?? 'STREAM_KEY';
  return [
    '  Publish, in OBS under Settings > Stream > Service "Custom...":',
    `    Server      ${rtmpUrl}`,
    `    Stream Key  ${keyWords(stream)}`,
    '  or with FFmpeg:',
    `    ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine -c:v libx264 -preset ultrafast -tune zerolatency -b:v 3M -g 60 -pix_fmt yuv420p -c:a aac -f flv ${rtmpUrl}/${urlKey}`,
    '',
  ];
}

function keyWords(stream: OwnStream | null): string {
  if (stream === null) return 'one that your backend allows';
  if (stream.streamKey !== null) return stream.streamKey;
  return `the one you got when you rotated it; for a new one: npm run stream -- rotate-key ${stream.id}`;
}
