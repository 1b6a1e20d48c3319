import { masterPath, watchPath } from '#domain/playback-paths.ts';
import { indent } from '#scripts/terminal/text-table.ts';
import type { NetworkReach } from './network-reach.ts';
import type { OwnStream } from './own-stream.ts';
import { qrCode } from './qr-code.ts';

export interface WelcomeOptions {
  readonly rtmpUrl: string;
  readonly playbackBaseUrl: string;
  readonly adminToken: string;
  /** Signs the owner in at the studio, once. */
  readonly studioUrl: string;
  /** Null if a backend manages the streams. */
  readonly stream: OwnStream | null;
  /** The stream that the demo publishes. Null if there is no demo. */
  readonly demoStream: OwnStream | null;
  /** Null if log lines go to standard error. */
  readonly logPath: string | null;
  /** Further logs, of one encoder each. */
  readonly taskLogPaths: readonly string[];
  /** @default not from other machines */
  readonly reach?: NetworkReach;
  /** Whether colours can be shown. @default false */
  readonly isTerminal?: boolean;
}

/** Everything that a person needs to go live. */
export function welcome(options: WelcomeOptions): string {
  const { playbackBaseUrl, adminToken, studioUrl, logPath, taskLogPaths, reach } = options;
  const lines = [
    '',
    '  Headend is running.',
    '',
    `  Studio       ${studioUrl}  (signs you in, once)`,
    '',
    ...demoLines(options),
    ...publishLines(options),
    `  Control API  ${playbackBaseUrl}/api  (admin token ${adminToken})`,
    `  Reference    ${playbackBaseUrl}/api/docs`,
    ...(logPath === null ? [] : [`  Log          ${logPath}`]),
    ...taskLogPaths.map((path, index) => `  Encoder ${index + 1}    ${path}`),
    '',
    ...(reach?.isOpen ? networkLines(options, reach) : []),
    '  Ctrl-C ends it.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function demoLines({ playbackBaseUrl, demoStream }: WelcomeOptions): string[] {
  if (demoStream === null) return [];
  return ['  A test picture is on air:', `    Watch       ${playbackBaseUrl}${watchPath(demoStream.playbackId)}`, ''];
}

function publishLines({ rtmpUrl, playbackBaseUrl, stream }: WelcomeOptions): string[] {
  const urlKey = stream?.streamKey ?? 'STREAM_KEY';
  const playbackId = stream?.playbackId ?? 'PLAYBACK_ID';
  return [
    '  Publish, in OBS under Settings > Stream > Service "Custom...":',
    `    Server      ${rtmpUrl}`,
    `    Stream Key  ${keyWords(stream)}`,
    '  or with FFmpeg:',
    `    ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine -c:v libx264 -preset ultrafast -tune zerolatency -b:v 3M -g 60 -pix_fmt yuv420p -c:a aac -f flv ${rtmpUrl}/${urlKey}`,
    '',
    `  Watch        ${playbackBaseUrl}${watchPath(playbackId)}`,
    `  Playlist     ${playbackBaseUrl}${masterPath(playbackId)}`,
  ];
}

function keyWords(stream: OwnStream | null): string {
  if (stream === null) return 'one that your backend allows';
  if (stream.streamKey !== null) return stream.streamKey;
  return `the one you got when you rotated it; for a new one: npm run stream -- rotate-key ${stream.id}`;
}

/** What `--host` has opened, and the way there for a phone. */
function networkLines(
  { playbackBaseUrl, stream, demoStream, isTerminal = false }: WelcomeOptions,
  reach: NetworkReach,
): string[] {
  const shown = demoStream ?? stream;
  const watchUrl = `${playbackBaseUrl}${shown === null ? '/' : watchPath(shown.playbackId)}`;
  return [
    ...networkWarning(reach),
    '',
    '  Watch on a phone in the same network:',
    '',
    indent(qrCode(watchUrl, isTerminal)),
    `  ${watchUrl}`,
    '',
  ];
}

/** What other machines can do. */
export function networkWarning({ address, otherAddresses }: NetworkReach): readonly string[] {
  const others = otherAddresses.length === 0 ? '' : `, and as ${otherAddresses.join(', ')}`;
  return [
    `  WARNING: --host lets everybody in this network connect to this machine, as ${address}${others}.`,
    '    They can watch public streams and open their pages. / leads to the first one.',
    '    They can publish with a stream key, and use the control API with a token.',
    '    Nothing is encrypted: who listens in gets keys, tokens and links. Use it in networks that you trust.',
    '    The database, the functions and the encoders stay closed to them. A firewall may still keep them all out.',
  ];
}
