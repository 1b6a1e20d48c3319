import { formatTable } from '#scripts/terminal/text-table.ts';
import type { WantedToken } from './cdk-command-line.ts';
import type { DeploymentOutputs } from './deployment-outputs.ts';

/** What a deployment has come to. */
export interface DeployedStage {
  readonly stage: string;
  readonly outputs: DeploymentOutputs;
  readonly wantedToken: WantedToken;
  /** The token that was made, shown here and nowhere else; null for none. */
  readonly adminToken: string | null;
}

/** What there is now and what to do next, for a person. Ends with a line feed. */
export function nextSteps({ stage, outputs, wantedToken, adminToken }: DeployedStage): string {
  const { rtmpUrl, rtmpsUrl, playbackBaseUrl, apiUrl, siteUrl } = outputs;
  const addresses = formatTable([
    ['OBS: Server', rtmpUrl],
    ...(rtmpsUrl === null ? [] : [['  or over TLS', rtmpsUrl]]),
    ['Watch', `${siteUrl}/watch/PLAYBACK_ID`],
    ['Playlists', `${playbackBaseUrl}/live/PLAYBACK_ID/master.m3u8`],
    ['Control API', apiUrl],
  ]);
  return [
    `\nHeadend's stage "${stage}" is deployed.\n`,
    indent(addresses),
    ...tokenLines(stage, wantedToken, adminToken),
    '\nThe first stream; the command shows its key for OBS and its watch page:\n',
    indent('read -rs HEADEND_TOKEN && export HEADEND_TOKEN   # paste the admin token: no history keeps it'),
    indent(`npm run stream -- --api ${apiUrl} create --title "My stream"`),
    '\nAlarms and what to do about them: docs/operations.md\n',
  ].join('\n');
}

function tokenLines(stage: string, wanted: WantedToken, token: string | null): string[] {
  if (token !== null) {
    return ['\nAn admin token, shown this once; keep it where secrets are kept:\n', indent(token)];
  }
  if (wanted === 'none') return [];
  const command = `npm run deploy -- -c stage=${stage} --new-admin-token`;
  return [`\nAn admin token was made before. Is it lost? This makes another:\n`, indent(command)];
}

const indent = (text: string): string => text.replace(/^/gm, '  ');
