import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const FOLDER = new URL('../.github/workflows/', import.meta.url);
const permissionsSchema = z.record(z.string(), z.enum(['read', 'write', 'none']));
const stepSchema = z.strictObject({
  id: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: z.record(z.string(), z.string()).default({}),
  run: z.string().optional(),
});
const jobSchema = z.object({
  'timeout-minutes': z.number(),
  permissions: permissionsSchema.optional(),
  environment: z.string().optional(),
  container: z.object({ image: z.string() }).optional(),
  steps: z.array(stepSchema).min(1),
});
const workflowSchema = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions: permissionsSchema,
  jobs: z.record(z.string(), jobSchema),
});
type Job = z.infer<typeof jobSchema>;

const names = readdirSync(FOLDER);
const sources = names.map((name) => ({ name, text: readFileSync(new URL(name, FOLDER), 'utf8') }));
const workflows = sources.map(({ name, text }) => ({ name, text, ...workflowSchema.parse(parse(text)) }));
const jobs = workflows.flatMap(({ name, permissions, jobs: own }) =>
  Object.entries(own).map(([id, job]) => ({
    ...job,
    name: `${name} ${id}`,
    permissions: job.permissions ?? permissions,
  })),
);
const steps = jobs.flatMap(({ name, steps: own }) => own.map((step) => ({ name, ...step })));

const uses = ({ steps: own }: Pick<Job, 'steps'>, action: string): boolean =>
  own.some((step) => step.uses?.startsWith(`${action}@`));

test('there are the three workflows that docs/operations.md describes', () => {
  expect(names.sort()).toEqual(['ci.yml', 'deploy.yml', 'refresh.yml']);
});

test.each(sources)(
  '$name names every action by a commit, with its version beside it, and images by digest',
  ({ text }) => {
    const lines = text.split('\n').filter((line) => /^\s*(-\s+)?uses:/.test(line));
    for (const line of lines) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    for (const line of text.split('\n').filter((each) => /^\s*image:/.test(each))) {
      expect(line).toMatch(/@sha256:[0-9a-f]{64}$/);
    }
  },
);

test('only actions of GitHub and AWS are used, each at one version', () => {
  const used = [...new Set(steps.flatMap((step) => step.uses ?? []))];
  expect(used.map((action) => action.split('@')[0]).sort()).toEqual([
    'actions/checkout',
    'actions/setup-node',
    'aws-actions/configure-aws-credentials',
  ]);
});

test('scripts contain no expressions, which others could fill with commands', () => {
  expect(steps.filter(({ run }) => run !== undefined).length).toBeGreaterThan(5);
  expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
});

test('nothing runs for strangers with rights: there is no pull_request_target or workflow_run', () => {
  const events = workflows.flatMap(({ on }) => Object.keys(on));
  expect([...new Set(events)].sort()).toEqual(['pull_request', 'push', 'schedule', 'workflow_dispatch']);
});

test('by default, workflows may read the source at most; jobs that may write are these', () => {
  for (const { permissions } of workflows) {
    expect([{}, { contents: 'read' }]).toContainEqual(permissions);
  }
  const writing = jobs.flatMap(({ name, permissions }) =>
    Object.entries(permissions).flatMap(([what, access]) => (access === 'write' ? [`${name}: ${what}`] : [])),
  );
  expect(writing.sort()).toEqual([
    'deploy.yml comment: pull-requests',
    'deploy.yml deploy: id-token',
    'deploy.yml diff: id-token',
    'refresh.yml refresh: actions',
    'refresh.yml refresh: contents',
    'refresh.yml refresh: pull-requests',
  ]);
});

test('a job has AWS credentials if and only if it asks for them, and only deployments have an environment', () => {
  for (const job of jobs) {
    expect([job.name, job.permissions['id-token'] === 'write']).toEqual([
      job.name,
      uses(job, 'aws-actions/configure-aws-credentials'),
    ]);
  }
  expect(jobs.filter(({ environment }) => environment !== undefined).map(({ name }) => name)).toEqual([
    'deploy.yml deploy',
  ]);
});

test('GitHub’s token stays on disk in no job but the one that pushes', () => {
  const kept = steps.filter(
    (step) => step.uses?.startsWith('actions/checkout@') && step.with['persist-credentials'] !== false,
  );
  expect(kept.map(({ name }) => name)).toEqual(['refresh.yml refresh']);
});

test('the only secret is the admin token of the probe', () => {
  const secrets = sources.flatMap(({ text }) => [...text.matchAll(/secrets\.(\w+)/g)].map((match) => match[1]));
  expect([...new Set(secrets)]).toEqual(['HEADEND_TOKEN']);
});

test('the commands of the project that they run are there, and deployments show no token', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const lines = steps.flatMap(({ run }) => (run ?? '').split('\n'));
  const commands = lines.flatMap((line) => /\bnpm (?:run (?:--silent )?)?([\w:]+)/.exec(line)?.[1] ?? []);
  expect(commands.filter((name) => name !== 'audit' && !Object.hasOwn(scripts, name))).toEqual([]);
  expect(commands).toEqual(
    expect.arrayContaining(['test', 'audit', 'diff', 'deploy', 'probe', 'image:refresh', 'build']),
  );
  for (const line of lines.filter((each) => each.includes('npm run deploy')))
    expect(line).toContain('--no-admin-token');
});

test('advisories against what is deployed fail from "high" on', () => {
  const audits = steps.flatMap(({ run }) => (run?.startsWith('npm audit') ? [run] : []));
  expect(audits).toContain('npm audit --package-lock-only --omit=dev --audit-level=high');
});
