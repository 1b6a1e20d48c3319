import { readFile } from 'node:fs/promises';
import { STAGES } from '#config/stages.ts';
import { PORTS } from '#domain/ports.ts';
import { type DeploymentOutputs, parseDeploymentOutputs } from '#scripts/cloud/deployment-outputs.ts';
import { CommandError } from '#scripts/stream/command-error.ts';
import { resolveConnection } from '#scripts/stream/connection.ts';
import { errorMessage, UserError } from '#scripts/terminal/errors.ts';
import type { OriginAddress, ProbeTarget } from './probe-target.ts';
import { readStackOutputs } from './stack-outputs.ts';

export interface StageTargetOptions {
  readonly stage: string;
  /** The file of `cdk deploy --outputs-file`. Null to ask CloudFormation. */
  readonly outputsFile: string | null;
  /** AWS profile. Null leaves the choice to the SDK. */
  readonly profile: string | null;
  /** File with an admin token. Null for HEADEND_TOKEN. */
  readonly tokenFile: string | null;
  readonly environment: NodeJS.ProcessEnv;
}

/** Finds a deployed stage by the outputs of its stacks. Rejects with a UserError that says what is missing. */
export async function stageTarget(options: StageTargetOptions): Promise<ProbeTarget> {
  const { stage, outputsFile, profile, tokenFile, environment } = options;
  const text =
    outputsFile === null
      ? JSON.stringify(await readStackOutputs({ stage, profile, env: environment }))
      : await read(outputsFile);
  const outputs = parse(text, outputsFile ?? `the stacks of ${stage}`);
  const { token } = await resolveConnection(
    { api: outputs.apiUrl, ...(tokenFile !== null && { 'token-file': tokenFile }) },
    environment,
  );
  return deployedTarget(outputs, { stage, token, profile });
}

/** A deployed stage, for which there is a token. */
export function deployedTarget(
  outputs: DeploymentOutputs,
  { stage, token, profile }: { readonly stage: string; readonly token: string; readonly profile: string | null },
): ProbeTarget {
  const config = STAGES.find(({ name }) => name === stage);
  const { apiUrl, rtmpUrl, rtmpsUrl, playbackBaseUrl, alarmTopicArns: topicArns } = outputs;
  return {
    ...{ apiUrl, token, playbackBaseUrl },
    ingestUrls: { rtmp: rtmpUrl, rtmps: rtmpsUrl },
    origin: { kind: 'private', addresses: originAddresses(outputs) },
    alarms: { topicArns, profile, hasRecipient: config === undefined || Boolean(config.alarmEmail) },
  };
}

/** The load balancer that only CloudFront may reach, and the tasks' HTTP ports at the address for broadcasters. */
function originAddresses({ originUrl, rtmpUrl, rtmpsUrl }: DeploymentOutputs): OriginAddress[] {
  if (originUrl === null) throw new UserError('The stacks lack the output OriginUrl: deploy this version first.');
  const { hostname, port } = new URL(originUrl);
  const balancer = { what: "the origin's load balancer", host: hostname, port: Number(port || PORTS.originBalancer) };
  const ingestUrl = rtmpUrl ?? rtmpsUrl;
  if (ingestUrl === null) return [balancer];
  const { hostname: host } = new URL(ingestUrl);
  return [
    balancer,
    { what: "the tasks' origin port", host, port: PORTS.originTask },
    { what: "the tasks' internal port", host, port: PORTS.internalTask },
  ];
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CommandError('usage', `--outputs can't be read: ${errorMessage(cause)}.`, { cause });
  }
}

function parse(text: string, source: string): DeploymentOutputs {
  try {
    return parseDeploymentOutputs(text);
  } catch (cause) {
    throw cause instanceof UserError ? cause : new UserError(`${source}: these are no outputs of stacks.`, { cause });
  }
}
