import { choiceContext, type DeploymentChoices, resolveChosenStage } from '#config/deployment-choices.ts';
import { resolveStage } from '#config/resolve-stage.ts';
import type { ResolvedStage, StageConfig } from '#config/stage-config.ts';
import { stageWarnings } from '#config/stage-warnings.ts';
import { UserError } from '#scripts/terminal/errors.ts';
import { formatTable, indent } from '#scripts/terminal/text-table.ts';
import { checkArchitecture, REMEMBERED_ARCHITECTURE } from './architecture.ts';
import type { AwsClients, openAwsClients } from './aws-clients.ts';
import { awsErrorText, type Finding } from './finding.ts';
import { checkQuotas } from './quotas.ts';
import { RememberedChoices } from './remembered-choices.ts';
import { checkZones, REMEMBERED_ZONES } from './zones.ts';

export interface PreflightOptions {
  readonly config: StageConfig;
  /** Null leaves the choice to the SDK. */
  readonly profile: string | null;
  readonly env: NodeJS.ProcessEnv;
  /** The CDK's file of remembered context. */
  readonly contextPath: string;
  /** Whether the stage is deployed afterwards. Otherwise only what the app must know is chosen. */
  readonly isDeployment: boolean;
  readonly openAwsClients: typeof openAwsClients;
  readonly stdout: Pick<NodeJS.WritableStream, 'write'>;
}

/** What the checks chose. */
export interface Preflight {
  /** Arguments of the CDK CLI that tell the app. */
  readonly args: readonly string[];
  /** The region that everything was checked in. */
  readonly region: string;
  /** Remembers the choices for later deployments. */
  remember(): Promise<void>;
}

/**
 * Checks what a template can't know: the account, its zones. Prints one line for each finding. Rejects with one UserError
 * that lists everything that would make the deployment fail.
 */
export async function runPreflight(options: PreflightOptions): Promise<Preflight> {
  const { config, profile, env, contextPath, isDeployment, stdout } = options;
  const aws = await options.openAwsClients({ region: config.region ?? null, profile, env });
  try {
    // On x86_64 a broadcast takes fewer vCPUs, so this finds no problem that another architecture does not have.
    const stage = resolveStage({ cpuArchitecture: 'x86_64', ...config });
    const account = await checkedAccount(stage, aws);
    const remembered = new RememberedChoices(contextPath, { account, region: aws.region, stage: stage.name });
    const [zones, architecture] = await Promise.all([
      checkZones({ stage, ...aws, remembered }),
      checkArchitecture({ cpuArchitecture: config.cpuArchitecture ?? null, remembered, env, isBuilt: isDeployment }),
    ]);
    const { cpuArchitecture } = architecture;
    const choices: DeploymentChoices = { availabilityZones: zones.zones, cpuArchitecture };
    stdout.write(`\nChecked before ${stage.name} is deployed to ${aws.region} in account ${account}:\n`);
    const findings = [zones.finding, architecture.finding];
    if (isDeployment && findings.every(({ status }) => status !== 'problem')) {
      const chosen = resolveChosenStage(config, choices);
      findings.push(...(await checkQuotas(chosen, aws)), ...noticeFindings(chosen));
    }
    report(findings, stdout);
    return {
      args: choiceContext(choices).flatMap((value) => ['-c', value]),
      region: aws.region,
      remember: () =>
        remembered.write({
          ...(zones.zones === null ? {} : { [REMEMBERED_ZONES]: zones.zones }),
          ...(cpuArchitecture === null ? {} : { [REMEMBERED_ARCHITECTURE]: cpuArchitecture }),
        }),
    };
  } finally {
    aws.close();
  }
}

const noticeFindings = (stage: ResolvedStage): Finding[] =>
  stageWarnings(stage).map((text) => ({ status: 'warning', subject: 'notices', text }));

/** The account of the credentials. Everything is checked in it, so it must be the stage's. */
async function checkedAccount({ account: wanted }: ResolvedStage, { sts }: AwsClients): Promise<string> {
  const { Account: account } = await sts.getCallerIdentity({}).catch((error: unknown) => {
    throw new UserError(`AWS does not accept your credentials: ${awsErrorText(error)}`, { cause: error });
  });
  if (account === undefined) throw new UserError('AWS does not say whose your credentials are.');
  if (wanted !== null && wanted !== account) {
    throw new UserError(`Your credentials are of the account ${account}, but the stage is in ${wanted}.`);
  }
  return account;
}

/** Prints the findings, and throws those that are problems. */
function report(findings: readonly Finding[], stdout: PreflightOptions['stdout']): void {
  const lines = findings.filter(({ status }) => status !== 'problem').flatMap(toLines);
  if (lines.length > 0) stdout.write(`${indent(formatTable(lines))}\n\n`);
  const problems = findings.filter(({ status }) => status === 'problem');
  if (problems.length === 0) return;
  throw new UserError(
    [
      'Nothing was deployed. Mend this first:',
      ...problems.map(({ text }) => `  - ${text.replaceAll('\n', '\n    ')}`),
    ].join('\n'),
  );
}

const toLines = ({ status, subject, text }: Finding): string[][] =>
  text.split('\n').map((line, index) => (index === 0 ? [status, subject, line] : ['', '', line]));
