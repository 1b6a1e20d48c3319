import { readFileSync } from 'node:fs';
import { z } from 'zod';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const { packages } = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        integrity: z.string().optional(),
        resolved: z.string().optional(),
        hasInstallScript: z.boolean().default(false),
        inBundle: z.boolean().default(false),
      }),
    ),
  })
  .parse(JSON.parse(read('package-lock.json')));
const { allowScripts } = z
  .object({ allowScripts: z.record(z.string(), z.boolean()) })
  .parse(JSON.parse(read('package.json')));
const installed = Object.entries(packages).filter(([path]) => path !== '');

test('npm runs no program of a package while it installs it', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  expect(Object.values(allowScripts).filter((isAllowed) => isAllowed)).toEqual([]);
});

test('every package that would run one is known, because it was tried without', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
  const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, ''));
  expect([...new Set(names)].sort()).toEqual(Object.keys(allowScripts).sort());
});

test('every package has a checksum, and comes from the npm registry', () => {
  expect(installed.length).toBeGreaterThan(100);
  // Bundled packages are part of another one's archive.
  const archives = installed.filter(([, { inBundle }]) => !inBundle);
  expect(archives.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
  const sources = installed.flatMap(([, { resolved }]) => resolved ?? []);
  expect(sources.filter((url) => !url.startsWith('https://registry.npmjs.org/'))).toEqual([]);
});
