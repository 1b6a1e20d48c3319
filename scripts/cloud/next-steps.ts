import { masterPath, watchPath } from '#domain/playback-paths.ts';
import { STUDIO_PATH } from '#domain/watch-pages.ts';
import { formatTable, indent } from '#scripts/terminal/text-table.ts';
import type { WantedToken } from './cdk-command-line.ts';
import type { DeploymentOutputs } from './deployment-outputs.ts';

/** The outcome of a deployment. */
export interface DeployedStage {
  readonly stage: string;
  readonly outputs: DeploymentOutputs;
  readonly wantedToken: WantedToken;
  /** The new admin token, shown only here. Null if none was made. */
  readonly adminToken: string | null;
  /** Signs the owner in at the studio, once. Null if no admin token was made. */
  readonly studioUrl: string | null;
}

/** Describes the deployment and what to do next. Ends with a line feed. */
export function nextSteps({ stage, outputs, wantedToken, adminToken, studioUrl }: DeployedStage): string {
  const { playbackBaseUrl, apiUrl, siteUrl } = outputs;
  const addresses = formatTable([
    ...serverRows(outputs),
    ['Watch', `${siteUrl}${watchPath('PLAYBACK_ID')}`],
    ['Playlists', `${playbackBaseUrl}${masterPath('PLAYBACK_ID')}`],
    ['Control API', apiUrl],
  ]);
  return [
    `\nHeadend's stage "${stage}" is deployed.\n`,
    indent(addresses),
    ...studioLines(outputs, studioUrl),
    ...tokenLines(stage, wantedToken, adminToken),
    '\nCreate the first stream in the studio, or by a command; this prints its key for OBS and its watch page:\n',
    indent('read -rs HEADEND_TOKEN && export HEADEND_TOKEN   # paste the admin token; it stays out of the history'),
    indent(`npm run stream -- --api ${apiUrl} create --title "My stream"`),
    '\nAlarms and what to do about them: docs/operations.md\n',
  ].join('\n');
}

function serverRows({ rtmpUrl, rtmpsUrl }: DeploymentOutputs): string[][] {
  const label = 'OBS: Server';
  if (rtmpUrl === null) return rtmpsUrl === null ? [] : [[label, rtmpsUrl]];
  return [[label, rtmpUrl], ...(rtmpsUrl === null ? [] : [['  or over TLS', rtmpsUrl]])];
}

function studioLines({ playbackBaseUrl, apiUrl }: DeploymentOutputs, studioUrl: string | null): string[] {
  if (studioUrl !== null) return ['\nThe studio; this link signs you in, once:\n', indent(studioUrl)];
  const command = `npm run stream -- --api ${apiUrl} invite --name NAME --role owner`;
  return [
    `\nThe studio is at ${playbackBaseUrl}${STUDIO_PATH}; this makes a link that signs somebody in:\n`,
    indent(command),
  ];
}

function tokenLines(stage: string, wanted: WantedToken, token: string | null): string[] {
  if (token !== null) {
    return ['\nThe admin token, shown only once; store it with your secrets:\n', indent(token)];
  }
  if (wanted === 'none') return [];
  const command = `npm run deploy -- -c stage=${stage} --new-admin-token`;
  return ['\nAn admin token was made before. If it is lost, this makes another:\n', indent(command)];
}
