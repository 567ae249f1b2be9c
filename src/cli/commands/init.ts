import { cp, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { EXIT, type Output, styled } from '../output.ts';

/** The plan that newcomers start from. */
export const EXAMPLE_PLAN = new URL('../../../examples/edge/', import.meta.url);

/** `trueup init`: writes a small working plan, commented. */
export async function init(directory: string, output: Output): Promise<number> {
  const folder = resolve(directory);
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error.code === 'ENOTDIR' ? new UserError(`${directory} is a file: name a folder`) : error;
  });
  if (there.some((name) => name !== '.git')) {
    throw new UserError(
      `${directory} is not empty: name a new folder, so that nothing is overwritten`,
    );
  }
  await cp(EXAMPLE_PLAN, folder, { recursive: true, errorOnExist: true, force: false });
  output.document({ plan: folder });
  output.line(`${styled('green', 'written')}: a small plan in ${folder}`);
  output.line(`look at it:   trueup validate --plan ${directory}`);
  output.line(`render it:    trueup render --all --plan ${directory} --out rendered`);
  output.line(
    `keep it true: commit it to git, then trueup controller (config/trueup.example.yaml says how)`,
  );
  return EXIT.ok;
}
