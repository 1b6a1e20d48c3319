import { createHash } from 'node:crypto';
import { TESTED_STAGES } from '#test/support/stage-configs.ts';
import { type Json, type SynthesizedStage, synthesizeStage } from '#test/support/synthesized-stage.ts';

describe.each(TESTED_STAGES)('references between the stacks of stage $name', (config) => {
  let stage: SynthesizedStage;
  beforeAll(async () => {
    stage = await synthesizeStage(config);
  });

  test('the stacks that only watch the platform come last', () => {
    const needed = stage.stacks.filter(({ name }) => !name.endsWith('Monitoring'));
    expect(needed.length).toBeLessThan(stage.stacks.length);
    expect(needed.flatMap(({ dependencies }) => dependencies).filter((name) => name.endsWith('Monitoring'))).toEqual(
      [],
    );
  });

  test("a stack's template changes with those whose outputs it reads, because the CLI skips unchanged templates", () => {
    const textOf = (name: string): string => stage.stacks.find((stack) => stack.name === name)?.text ?? '';
    const consumers = stage.stacks.filter(({ template }) => producersOf(template).length > 0);
    expect(consumers.map(({ name }) => name)).toEqual(expect.arrayContaining([`Headend-${config.name}-Media`]));
    for (const { template, dependencies } of consumers) {
      const producers = producersOf(template);
      expect(dependencies).toEqual(expect.arrayContaining(producers));
      expect(template.Metadata['headend:reads']).toEqual(
        Object.fromEntries(producers.map((name) => [name, sha256(textOf(name))])),
      );
    }
  });
});

/** The stacks whose outputs a template reads, in order. */
function producersOf(template: Json): string[] {
  const names = [...JSON.stringify(template).matchAll(/"Fn::GetStackOutput":\{"StackName":"([^"]+)"/g)];
  return [...new Set(names.map(([, name]) => name ?? ''))].sort();
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
