import type { Browser, Page } from 'playwright-core';
import { LiveOrigin } from './live-origin.ts';

export const WAIT_MS = 20_000;
/** Chromium writes this for every status of 400 and above and for every cut connection. No page can prevent it. */
const NETWORK_MESSAGE = 'Failed to load resource';
/** A page that makes no request for this long has stopped making requests. */
const QUIET_MS = 3_000;

/** A page on an origin of its own. */
export class Visit {
  readonly origin: LiveOrigin;
  readonly page: Page;
  /** Console errors and warnings, uncaught exceptions, and requests to other hosts. */
  readonly complaints: string[] = [];

  private constructor(origin: LiveOrigin, page: Page) {
    this.origin = origin;
    this.page = page;
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(origin.url))
        this.complaints.push(request.url());
    });
  }

  static async begin(browser: Browser, siteDir: string): Promise<Visit> {
    const page = await browser.newPage({ viewport: { width: 640, height: 480 } });
    return new Visit(await LiveOrigin.start(siteDir), page);
  }

  async end(): Promise<void> {
    await this.page.close();
    await this.origin.close();
  }

  get ownComplaints(): readonly string[] {
    return this.complaints.filter((complaint) => !complaint.startsWith(NETWORK_MESSAGE));
  }

  async open(path: string, beforeLoad: () => void = () => undefined): Promise<void> {
    await this.page.addInitScript(beforeLoad);
    await this.page.goto(`${this.origin.url}${path}`);
  }

  async stateToBe(state: string): Promise<void> {
    const isIn = (wanted: string) => document.body.dataset.state === wanted;
    await this.page.waitForFunction(isIn, state, { timeout: WAIT_MS });
  }

  /** Waits until playback has advanced by some seconds. */
  async playsOn(seconds = 1): Promise<void> {
    const from = await this.page.evaluate(() => window.headend.video.currentTime);
    const isBeyond = (time: number) => window.headend.video.currentTime > time;
    await this.page.waitForFunction(isBeyond, from + seconds, { timeout: WAIT_MS });
  }

  async isQuiet(): Promise<void> {
    const requestCount = this.origin.requestedPaths.length;
    await this.page.waitForTimeout(QUIET_MS);
    expect(this.origin.requestedPaths.length).toBe(requestCount);
  }

  async hasExpiredLink(): Promise<void> {
    await this.stateToBe('expired');
    expect(await this.page.getByRole('status').textContent()).toContain('This link has expired');
    await this.isQuiet();
  }
}
