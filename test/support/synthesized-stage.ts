import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StageConfig } from '#config/stage-config.ts';
import { waitFor } from '#kit/wait-for.ts';

// biome-ignore lint/suspicious/noExplicitAny: a template is JSON without a type.
export type Json = any;

/** One resource of a synthesized template. */
export interface TemplateResource {
  /** The name of its stack. */
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Json;
  /** Its other attributes in the template. */
  readonly attributes: Record<string, unknown>;
}

/** The template of one stack, and the names of the stacks that the CLI deploys before it. */
export interface SynthesizedStack {
  readonly name: string;
  /** The template as it is deployed. */
  readonly text: string;
  readonly template: Json;
  readonly dependencies: readonly string[];
}

/** The templates of a stage, and what the synthesis printed. */
export interface SynthesizedStage {
  readonly stacks: readonly SynthesizedStack[];
  readonly resources: readonly TemplateResource[];
  /** The outputs' values, by logical id. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The platforms that Docker images are built for. */
  readonly imagePlatforms: readonly string[];
  /** What the process printed, for example warnings. */
  readonly printed: string;
  /** Violations that cdk-nag and the CDK's own checks report. */
  readonly violations: readonly unknown[];
  ofType(type: string): TemplateResource[];
  /** The only resource of its type. Throws if there is none, or more than one. */
  only(type: string): TemplateResource;
}

/** Much longer than a synthesis takes on a busy machine. */
const SYNTHESIS_LIMIT_MS = 200_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Without credentials, an AWS profile or access to the network. */
const BARE_ENVIRONMENT = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  https_proxy: 'http://127.0.0.1:9',
};

/** Synthesizes a stage in its own process, once per run of `npm test`, and reads its templates. */
export async function synthesizeStage(
  config: StageConfig,
  form: 'stacks' | 'library' | 'pipeline' | 'second-pipeline' = 'stacks',
): Promise<SynthesizedStage> {
  const shared = process.env.HEADEND_SYNTH_DIR;
  const folder = shared ?? (await mkdtemp(join(tmpdir(), 'headend-synth-')));
  try {
    return await readAssembly(await synthesizeInto(join(folder, `${config.name}-${form}`), config, form));
  } finally {
    if (shared === undefined) await rm(folder, { recursive: true });
  }
}

/** Makes the assembly in `path`, or waits until another test file has made it. */
async function synthesizeInto(path: string, config: StageConfig, form: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const isFirst = await mkdir(`${path}.claim`).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
  if (!isFirst) {
    await waitFor('the synthesis of another test file', () => existsSync(path), { timeoutMs: SYNTHESIS_LIMIT_MS });
    return path;
  }
  const own = await mkdtemp(`${path}.`);
  const artifacts = await makeArtifacts(join(own, 'artifacts'));
  const app = fileURLToPath(new URL('synth-app.ts', import.meta.url));
  const args = ['--import', 'tsx', app, join(own, 'out'), artifacts, JSON.stringify(config), form];
  const child = spawn(process.execPath, args, { cwd: ROOT, env: BARE_ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) {
    // The next test file tries again and reports its own error.
    await rm(`${path}.claim`, { recursive: true });
    throw new Error(`synthesis ended with ${code}:\n${printed}`);
  }
  await writeFile(join(own, 'out', 'printed.txt'), printed);
  await rename(join(own, 'out'), path);
  await rm(own, { recursive: true });
  return path;
}

/** The secret that encoder tasks show to each other. Throws if there is none. */
export const clusterSecretOf = (stage: SynthesizedStage): TemplateResource => secretOf(stage, 'encoder tasks show it');

/** The secret that CloudFront shows to the encoder tasks and the control API. Throws if there is none. */
export const edgeSecretOf = (stage: SynthesizedStage): TemplateResource => secretOf(stage, 'CloudFront shows it');

function secretOf(stage: SynthesizedStage, words: string): TemplateResource {
  const secret = stage
    .ofType('AWS::SecretsManager::Secret')
    .find(({ properties }) => String(properties.Description).includes(words));
  if (secret === undefined) throw new Error(`no secret is described with "${words}"`);
  return secret;
}

/** Stand-ins for the files of a build. Templates contain only their hashes. */
async function makeArtifacts(folder: string): Promise<string> {
  const files = {
    'encoder/Dockerfile': 'FROM scratch\n',
    'encoder/main.mjs': '',
    'ingest-auth/index.mjs': '',
    'control-api/index.mjs': '',
    'viewer-token/function.js': 'function handler() {}\n',
    'site/watch.html': '',
    'site/assets/watch-HASH.js': '',
    'site/assets/icon.svg': '',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function readAssembly(path: string): Promise<SynthesizedStage> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.template.json'));
  const { artifacts } = JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8'));
  const stacks: SynthesizedStack[] = [];
  const resources: TemplateResource[] = [];
  const outputs: Record<string, unknown> = {};
  for (const name of names) {
    const text = await readFile(join(path, name), 'utf8');
    const template = JSON.parse(text);
    const stackName = name.replace('.template.json', '');
    const { dependencies = [] } = artifacts[stackName];
    stacks.push({
      name: stackName,
      text,
      template,
      dependencies: dependencies.filter((id: string) => !id.endsWith('.assets')),
    });
    for (const [logicalId, { Type, Properties = {}, ...attributes }] of Object.entries<TemplateEntry>(
      template.Resources ?? {},
    )) {
      resources.push({
        stack: stackName,
        logicalId,
        type: Type,
        properties: Properties,
        attributes,
      });
    }
    for (const [id, output] of Object.entries<{ Value: unknown }>(template.Outputs ?? {})) outputs[id] = output.Value;
  }
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const { pluginReports = [] } = JSON.parse(await readFile(join(path, 'validation-report.json'), 'utf8'));
  return {
    stacks,
    resources,
    outputs,
    imagePlatforms: await readImagePlatforms(path),
    printed: await readFile(join(path, 'printed.txt'), 'utf8'),
    violations: pluginReports.flatMap((report: { violations?: unknown[] }) => report.violations ?? []),
    ofType,
    only: (type) => {
      const [resource, ...others] = ofType(type);
      if (resource === undefined || others.length > 0) throw new Error(`there is not exactly one ${type}`);
      return resource;
    },
  };
}

async function readImagePlatforms(path: string): Promise<string[]> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.assets.json'));
  const manifests = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(path, name), 'utf8'))));
  return manifests.flatMap(({ dockerImages = {} }) =>
    Object.values<{ source: { platform: string } }>(dockerImages).map(({ source }) => source.platform),
  );
}

interface TemplateEntry {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
}
