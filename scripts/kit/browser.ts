import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findProgram } from './find-program.mjs';

/** A running Chromium and the errors of its pages. */
export interface TestBrowser {
  readonly browser: Browser;
  /** Console messages of level `error` and uncaught exceptions of all pages, oldest first. */
  readonly consoleErrors: readonly string[];
  newPage(): Promise<Page>;
  /** Ends the process with all pages. */
  close(): Promise<void>;
}

/** Keeps Chromium's own requests off the network, and lets video start without a click. */
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

/**
 * Launches the Chromium that setup.mjs finds or installs. Unlike Playwright's build, Debian's decodes H.264 and AAC.
 * `furtherArguments` are command-line arguments in addition to the usual ones.
 */
export async function launchBrowser(furtherArguments: readonly string[] = []): Promise<TestBrowser> {
  // Playwright's signal handlers would exit this process before everything else is cleaned up.
  const handlers = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  const chromiumPath = findProgram('chromium');
  if (chromiumPath === null) throw new Error('there is no chromium on the PATH; as root, "npm test" installs it');
  const env = { ...process.env, HEADEND_CHROMIUM: chromiumPath };
  const options = { executablePath: YIELDING_CHROMIUM, env, headless: true, args: [...ARGUMENTS, ...furtherArguments] };
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
