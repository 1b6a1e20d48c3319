import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** The sizes at which people use pages, in CSS pixels. */
export const PAGE_SIZES = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844 },
} as const;

/** Where the pictures of pages go, for people to look at. */
const PICTURES_DIR = fileURLToPath(new URL('../../test-results/pages/', import.meta.url));

/**
 * Takes a picture of a page at each size, and returns what hinders people there: findings of axe, and a page that is wider than its
 * window. The page has its size back afterwards.
 */
export async function lookAt(page: Page, name: string): Promise<readonly string[]> {
  mkdirSync(PICTURES_DIR, { recursive: true });
  const before = page.viewportSize();
  const findings: string[] = [];
  await page.evaluate(await axeSource());
  for (const [size, viewport] of Object.entries(PAGE_SIZES)) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(PICTURES_DIR, `${name}-${size}.png`), fullPage: true });
    const found = await page.evaluate(async () => {
      const { axe } = window as unknown as { readonly axe: { run(): Promise<AxeResults> } };
      const { violations } = await axe.run();
      const { scrollWidth, clientWidth } = document.documentElement;
      const wide = scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : [];
      return [...wide, ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)];
    });
    findings.push(...found.map((each) => `${name}, ${size}: ${each}`));
  }
  if (before !== null) await page.setViewportSize(before);
  return findings;
}

const axeSource = (): Promise<string> =>
  readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
