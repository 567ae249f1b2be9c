import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';

import { createTwoFilesPatch } from 'diff';

import { sent } from '../../agent/control.ts';
import { UserError } from '../../model/errors.ts';
import { changedPaths, type SiteTree } from '../../model/tree.ts';
import { WorkingCopy } from '../../runner/working-copy/working-copy.ts';
import { EXIT, type Output, styledDiff } from '../output.ts';
import { ask, check } from './agent-ask.ts';
import type { DataOptions } from './agent.ts';

/**
 * `trueup agent edit`: opens a copy of the site's tree in an editor. What was changed there is shown, brought into the
 * site's tree with a word why, tried with a check run, and applied.
 */
export async function edit(
  options: DataOptions & { message?: string; author?: string; apply: boolean; yes?: boolean },
  output: Output,
): Promise<number> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { tree } = (await ask(options, { do: 'view' })) as { tree: string };
  // `<data>/copy/<site>/tree`: a working copy is the folder above.
  const site = new WorkingCopy(join(tree, '..'));
  if (!(await site.exists())) throw new UserError('nothing was brought to this site yet');
  const { tree: before } = await site.scan();
  const folder = await mkdtemp(join(tmpdir(), 'trueup-edit-'));
  try {
    const copy = new WorkingCopy(folder);
    await cp(tree, copy.directory, { recursive: true });
    await openEditor(copy.directory);
    const { tree: after } = await copy.scan();
    const paths = changedPaths(before, after);
    if (paths.length === 0) {
      output.line('nothing was changed');
      output.document({ paths });
      return EXIT.ok;
    }
    output.line(styledDiff(paths.map((path) => patch(path, before, after)).join('')));
    const words = options.message ?? (await question('Why? '));
    if (
      options.yes !== true &&
      process.stdin.isTTY &&
      !/^y/i.test(await question('Record it? [y/N] '))
    ) {
      output.line('nothing was recorded');
      return EXIT.ok;
    }
    const author = options.author ?? userInfo().username;
    const edits = paths.map((path) => ({
      path,
      before: sent(before.get(path)),
      after: sent(after.get(path)),
    }));
    await ask(options, { do: 'edit', edits, words, author });
    output.line(`recorded ${paths.join(', ')} by ${author}`);
    output.document({ paths, author });
    if (!options.apply) return EXIT.ok;
    if ((await check(options, output)) === EXIT.error) return EXIT.error;
    await ask(options, { do: 'apply' });
    output.line('applied');
    return EXIT.ok;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function patch(path: string, before: SiteTree, after: SiteTree): string {
  const text = (tree: SiteTree) => tree.get(path)?.content.toString() ?? '';
  return createTwoFilesPatch(`a/${path}`, `b/${path}`, text(before), text(after));
}

async function openEditor(folder: string): Promise<void> {
  const editor = process.env['VISUAL'] || process.env['EDITOR'] || 'vi';
  const [program = 'vi', ...args] = editor.trim().split(/\s+/);
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, [...args, folder], { stdio: 'inherit', cwd: folder });
    child.once('error', () => reject(new UserError(`the editor ${program} cannot be started`)));
    child.once('close', resolve);
  });
  if (code !== 0) throw new UserError(`the editor ended with ${code}: nothing was recorded`);
}

async function question(text: string): Promise<string> {
  if (!process.stdin.isTTY) {
    if (text.startsWith('Why')) throw new UserError('say why with --message');
    return 'y';
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await asking.question(text);
  } finally {
    asking.close();
  }
}
