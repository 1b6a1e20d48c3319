import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { cfnLintVersion, findCfnLint } from '#scripts/testing/cfn-lint.mjs';
import { EVERY_OPTION, TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, synthesizeStage } from '#test/support/synthesized-stage.ts';

const REGIONS = ['us-east-1', 'eu-central-1'];
/** cfn-lint adds these up: 2 for errors, 4 for warnings, 8 for notes. */
const EXIT_CODES = [0, 2, 4, 6, 8, 10, 12, 14];
const findingsSchema = z.array(
  z.object({
    Filename: z.string(),
    Level: z.string(),
    Message: z.string(),
    Rule: z.object({ Id: z.string() }),
    Location: z.object({ Path: z.array(z.union([z.string(), z.number()])).nullable() }),
  }),
);
type LintFinding = z.infer<typeof findingsSchema>[number];

const cfnLint = findCfnLint();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headend-cfn-lint-'));
});
afterAll(() => rm(folder, { recursive: true }));

function runCfnLint(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 64 * 1024 * 1024 };
    execFile(cfnLint ?? '', args, options, (error, stdout, stderr) => {
      if (EXIT_CODES.includes(Number(error?.code ?? 0)) && stderr === '') resolve(stdout);
      else reject(new Error(`cfn-lint ended with ${error?.code}: ${stderr}`));
    });
  });
}

/** The errors in some templates, by path below the test's folder. */
async function lint(templates: Readonly<Record<string, string>>): Promise<LintFinding[]> {
  for (const [name, text] of Object.entries(templates)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const paths = Object.keys(templates).map((name) => join(folder, name));
  const stdout = await runCfnLint('--format', 'json', '--regions', ...REGIONS, '--', ...paths);
  return findingsSchema.parse(JSON.parse(stdout)).filter(({ Level }) => Level === 'Error');
}

/**
 * The one gap: cfn-lint does not list `Fn::GetStackOutput` among the functions whose value `Fn::Split` takes (rule E1022),
 * although the value of a stack's output is always a string.
 */
function isSplitOfStackOutput({ Rule, Location }: LintFinding, template: Json): boolean {
  const path = Location.Path ?? [];
  const value = path.reduce<Json>((part, key) => part?.[key], template);
  const isSplit = path.at(-2) === 'Fn::Split' && path.at(-1) === 1;
  return Rule.Id === 'E1022' && isSplit && Object.keys(value ?? {}).join() === 'Fn::GetStackOutput';
}

if (cfnLint === null) {
  // Continuous integration must not pass without it.
  const state = process.env.CI === 'true' ? test : test.skip;
  state(
    'cfn-lint is not installed: npm run setup -- test installs it if there is Python 3.10 with its venv module',
    () => {
      throw new Error('cfn-lint is not installed, and this is continuous integration');
    },
  );
} else {
  test('cfn-lint is the version that is pinned', async () => {
    expect(await runCfnLint('--version')).toBe(`cfn-lint ${cfnLintVersion()}\n`);
  });

  test('cfn-lint finds no errors in the templates of any stage or pipeline, but for the gap in what it knows', async () => {
    const assemblies = [
      ...TESTED_STAGES.map((config) => ({ name: config.name, assembly: synthesizeStage(config) })),
      { name: 'pipeline', assembly: synthesizeStage(EVERY_OPTION, 'pipeline') },
    ];
    const stages = await Promise.all(
      assemblies.map(async ({ name, assembly }) => ({ name, stacks: (await assembly).stacks })),
    );
    const templates = Object.fromEntries(
      stages.flatMap(({ name, stacks }) =>
        stacks.map((stack) => [join(name, `${stack.name}.template.json`), stack.text] as const),
      ),
    );
    expect(Object.keys(templates).length).toBeGreaterThan(3 * 6);
    const errors = (await lint(templates)).filter(
      (finding) =>
        !isSplitOfStackOutput(finding, JSON.parse(templates[finding.Filename.slice(folder.length + 1)] ?? '')),
    );
    expect(errors.map(({ Filename, Rule, Message }) => [Filename, Rule.Id, Message])).toEqual([]);
  });

  test('an error in a template is found, also a wrong Split', async () => {
    const topic = (properties: object) => ({ Type: 'AWS::SNS::Topic', Properties: properties });
    const template = {
      Resources: {
        Unknown: topic({ Nothing: 1 }),
        Wrong: topic({ TopicName: { 'Fn::Join': ['', { 'Fn::Split': ['/', { 'Fn::GetAZs': '' }] }] } }),
      },
    };
    const errors = await lint({ 'wrong.template.json': JSON.stringify(template) });
    expect(errors.map(({ Rule }) => Rule.Id).sort()).toEqual(['E1022', 'E3002']);
    expect(errors.filter((finding) => isSplitOfStackOutput(finding, template))).toEqual([]);
  });
}
