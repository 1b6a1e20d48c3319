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

/** A stack's template in a cloud assembly. */
export interface StackTemplate {
  readonly stackName: string;
  /** Below the assembly's folder, that folder included. */
  readonly path: string;
}

/** The templates that a synthesis left in `directory`, those of nested assemblies included. */
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
