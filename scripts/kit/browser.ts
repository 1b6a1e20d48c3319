import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findProgram } from '#scripts/find-program.mjs';

/** A Chromium that ends with `close`, and what its pages complained about. */
export interface TestBrowser {
  readonly browser: Browser;
  /** Messages of level `error` and uncaught exceptions of every page, oldest first. */
  readonly consoleErrors: readonly string[];
  newPage(): Promise<Page>;
  /** Ends the whole process, pages and all. */
  close(): Promise<void>;
}

/** Nothing but what a page asks for goes over the network, and video starts without a click. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

const YIELDING_CHROMIUM = fileURLToPath(new URL('chromium.sh', import.meta.url));

/** Launches the Chromium that set-up finds or installs, Debian's, which unlike Playwright's own build decodes H.264 and AAC. */
export async function launchBrowser(): Promise<TestBrowser> {
  // Playwright's own handlers would exit this process before anything else could be cleaned up.
  const handlers = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  const chromiumPath = findProgram('chromium');
  if (chromiumPath === null) throw new Error('there is no chromium on the PATH; "npm test" installs it where it may');
  const env = { ...process.env, HEADEND_CHROMIUM: chromiumPath };
  const options = { executablePath: YIELDING_CHROMIUM, env, headless: true, args: ARGUMENTS };
  const browser = await chromium.launch({ ...options, ...handlers });
  const consoleErrors: string[] = [];
  return {
    browser,
    consoleErrors,
    newPage: async () => {
      const page = await browser.newPage();
      page.on('pageerror', (error) => consoleErrors.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') consoleErrors.push(`${message.text()} (${message.location().url})`);
      });
      return page;
    },
    close: () => browser.close(),
  };
}
