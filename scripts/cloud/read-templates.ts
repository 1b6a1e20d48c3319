import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      displayName: z.string().optional(),
      properties: z.object({ templateFile: z.string().optional(), directoryName: z.string().optional() }).optional(),
    }),
  ),
});

/** The template of a stack in a cloud assembly. */
export interface StackTemplate {
  readonly stackName: string;
  /** Path including the assembly's folder. */
  readonly path: string;
}

/** Lists the templates that a synthesis wrote to `directory`, including those of nested assemblies. */
export async function readTemplates(directory: string): Promise<StackTemplate[]> {
  const { artifacts } = manifestSchema.parse(JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')));
  const templates: StackTemplate[] = [];
  for (const [id, { type, displayName, properties }] of Object.entries(artifacts)) {
    if (type === 'aws:cloudformation:stack' && properties?.templateFile !== undefined) {
      templates.push({ stackName: displayName ?? id, path: join(directory, properties.templateFile) });
    }
    if (type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined) {
      templates.push(...(await readTemplates(join(directory, properties.directoryName))));
    }
  }
  return templates;
}
