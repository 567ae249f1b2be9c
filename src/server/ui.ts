import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { Context } from 'hono';

import { errorCode } from '../model/errors.ts';
import type { Env } from './env.ts';
import { HttpProblem } from './problem.ts';
import { routes } from './route.ts';

/** Addresses below which the pages find their own way. */
const PAGES = ['/', '/sites', '/revisions', '/proposals', '/previews', '/audit'];
const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

interface UiFile {
  type: string;
  plain: Buffer<ArrayBuffer>;
  gzipped: Buffer<ArrayBuffer>;
}

/** The built web UI: its one page, and by name the files that the page loads. */
export interface Ui {
  index: UiFile;
  assets: ReadonlyMap<string, UiFile>;
}

/**
 * Reads the web UI into memory, as `npm run build:ui` leaves it; undefined if it was not built.
 * @param directory has an `index.html`, and `assets` with a hash of the content in each name
 */
export async function readUi(directory: string): Promise<Ui | undefined> {
  let index: UiFile;
  let names: string[];
  try {
    index = await readUiFile(join(directory, 'index.html'));
    names = await readdir(join(directory, 'assets'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const assets = new Map<string, UiFile>();
  for (const name of names) {
    if (extname(name) in TYPES) {
      assets.set(name, await readUiFile(join(directory, 'assets', name)));
    }
  }
  return { index, assets };
}

async function readUiFile(path: string): Promise<UiFile> {
  const plain = await readFile(path);
  return { type: TYPES[extname(path)]!, plain, gzipped: gzipSync(plain) };
}

/** Whether an address is one of the web UI's; browsers are then allowed to make a page of the answer. */
export function isUiPath(path: string): boolean {
  if (path.startsWith('/assets/')) return true;
  return PAGES.some((page) => path === page || (page !== '/' && path.startsWith(`${page}/`)));
}

/** What a page of ours may do: load our own scripts and styles, ask our own API, and make no markup of any text. */
export const UI_POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  requireTrustedTypesFor: ["'script'"],
  trustedTypes: ["'none'"],
};

/** Serves the web UI. Every address that can be one of its pages is answered with the same document. */
export function uiRoutes(ui: Ui) {
  const app = routes();
  for (const page of PAGES) {
    const serve = (c: Context<Env>): Response => send(c, ui.index, 'no-cache');
    app.get(page, serve);
    if (page !== '/') app.get(`${page}/:name`, serve);
  }
  app.get('/assets/:name', (c) => {
    const file = ui.assets.get(c.req.param('name'));
    if (!file) throw new HttpProblem(404, { detail: 'the web UI has no such file (any more)' });
    // Another content has another name.
    return send(c, file, 'public, max-age=31536000, immutable');
  });
  return app;
}

function send(c: Context<Env>, file: UiFile, caching: string): Response {
  const zipped = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  return c.body(zipped ? file.gzipped : file.plain, 200, {
    'Content-Type': file.type,
    'Cache-Control': caching,
    Vary: 'Accept-Encoding',
    ...(zipped && { 'Content-Encoding': 'gzip' }),
  });
}
