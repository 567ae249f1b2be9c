import { glob, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../src/model/errors.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'dist/ui/index.html');
/** What the web UI is made of. */
const SOURCES = ['src/ui/**/*.*', 'vite.config.ts', 'package-lock.json'];

/** Builds the web UI where it was not built, or where its sources are newer. Takes a second or two. */
export async function ensureUi(): Promise<void> {
  const built = await changedAt(PAGE);
  for await (const file of glob(SOURCES, { cwd: ROOT })) {
    if ((await changedAt(join(ROOT, file))) <= built) continue;
    const { build } = await import('vite');
    await build({ configFile: join(ROOT, 'vite.config.ts'), logLevel: 'error' });
    return;
  }
}

/** Milliseconds since 1970; 0 if there is no such file. */
async function changedAt(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

if (import.meta.main) {
  try {
    await ensureUi();
  } catch (error) {
    // Everything else works without it.
    console.error(`The web UI cannot be built, and is left out: ${messageOf(error)}`);
  }
}
