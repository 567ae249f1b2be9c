import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, expect, onTestFinished, type TestContext } from 'vitest';

/** Where distributions put it; TRUEUP_CHROMIUM names another one. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
];
/** It is to talk to us alone. */
const ALONE = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];
const SCREENSHOTS = join(import.meta.dirname, '../../docs/screenshots');

let started: Promise<Browser> | undefined;
afterAll(async () => {
  const browser = await started;
  started = undefined;
  await browser?.close();
});

/**
 * A Chromium without a window. Where there is none the test is skipped with the reason, or fails if TRUEUP_NEED_TOOLS
 * is set. It is started once for a file of tests.
 */
export async function needBrowser(context: TestContext): Promise<Browser> {
  const path = [process.env['TRUEUP_CHROMIUM'] ?? '', ...PLACES].find((one) => existsSync(one));
  if (path === undefined) {
    const reason = 'there is no Chromium: install the package "chromium", or set TRUEUP_CHROMIUM';
    if (process.env['TRUEUP_NEED_TOOLS'] !== undefined) throw new Error(reason);
    process.stderr.write(`skipped: ${reason}\n`);
    return context.skip(reason);
  }
  started ??= chromium.launch({ executablePath: path, args: ALONE, chromiumSandbox: false });
  return started;
}

/** Opens a page of its own session. At the end of the test nothing may have gone wrong in it that is not expected. */
export async function openPage(
  browser: Browser,
  url: string,
  options: { expected?: RegExp; dark?: boolean } = {},
): Promise<Page> {
  const session = await browser.newContext({
    viewport: { width: 1200, height: 760 },
    colorScheme: options.dark ? 'dark' : 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  const faults: string[] = [];
  const page = await session.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => void faults.push(String(error)));
  page.on('dialog', (dialog) => void faults.push(`a dialog: ${dialog.message()}`));
  // Chromium tells violations of the policy as errors of the console.
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) faults.push(`asked ${request.url()}`);
  });
  onTestFinished(async () => {
    await session.close();
    expect(faults.filter((fault) => !options.expected?.test(fault))).toEqual([]);
  });
  await page.goto(url);
  return page;
}

/** Keeps a picture of a page for the documentation, where TRUEUP_SCREENSHOTS asks for it. */
export async function screenshot(page: Page, name: string): Promise<void> {
  if (process.env['TRUEUP_SCREENSHOTS'] === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
}
