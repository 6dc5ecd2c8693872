import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import type { TestContext } from 'vitest';
import { chromiumMissing, findChromium } from '../support/chromium.ts';

const output = join(import.meta.dirname, '..', 'output');
const executablePath = await findChromium();

export const hasBrowser = executablePath !== null;

/** Skips a test that needs a browser where there is none, and says why. */
export const needsBrowser = ({ skip }: TestContext): void => skip(!hasBrowser, chromiumMissing);

/** Null where there is none. Each has a profile of its own, which is empty. */
export const launchBrowser = async (): Promise<Browser | null> => {
  if (executablePath === null) return null;
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
};

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colours?: 'light' | 'dark';
}

/** A message of graphql-transport-ws that the page received. */
interface Message {
  readonly type: string;
  readonly payload?: {
    readonly data?: Record<string, unknown>;
    readonly extensions?: { readonly tributary?: { readonly at: readonly [number, number] | null } };
  };
}

/** One visitor of the page: what he does, what he sees, and what the browser has to complain of. */
export class Visit {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught exceptions, violations of the page's policy. */
  readonly complaints: string[] = [];
  readonly messages: Message[] = [];
  /** Paths of what the page has fetched to the end. */
  readonly fetched = new Set<string>();

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('requestfinished', (request) => this.fetched.add(new URL(request.url()).pathname));
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => this.messages.push(JSON.parse(String(payload)) as Message)),
    );
  }

  static async open(browser: Browser, url: string, look: Look = {}): Promise<Visit> {
    const { width = 1280, height = 800, colours = 'light' } = look;
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: colours });
    const visit = new Visit(page);
    await page.goto(url);
    return visit;
  }

  get state(): Locator {
    return this.page.locator('#state');
  }

  /** [partition, offset] of each event with a record, in the order in which they came. */
  get places(): (readonly [number, number])[] {
    return this.messages.flatMap(({ payload }) => {
      const at = payload?.extensions?.tributary?.at;
      return at ? [at] : [];
    });
  }

  /** Whether something does not fit in the width. */
  scrollsSideways(): Promise<boolean> {
    return this.page.evaluate('document.documentElement.scrollWidth > innerWidth');
  }

  /** Kept in test/output for whoever wants to look. */
  async picture(name: string, fullPage = false): Promise<void> {
    await mkdir(output, { recursive: true });
    await this.page.screenshot({ path: join(output, `page-${name}.png`), fullPage });
  }

  close(): Promise<void> {
    return this.page.close();
  }
}
