import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
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
import { ask, tellApply, tellCheck } from './agent-ask.ts';
import type { DataOptions } from './agent.ts';

/**
 * `trueup agent edit`: opens a copy of the site's tree in an editor. What was changed there is shown, with what it would
 * change at the hosts; agreed to, it is recorded with a word why and applied. Before that nothing of it is anywhere else.
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
  const leave = endsWithout(folder);
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
    const author = options.author ?? userInfo().username;
    const edits = paths.map((path) => ({
      path,
      before: sent(before.get(path)),
      after: sent(after.get(path)),
    }));
    const fails = options.apply && (await tellCheck(options, output, edits)).code === EXIT.error;
    if (!(await agreed(options, fails))) {
      output.line('nothing was recorded');
      output.document({ paths: [] });
      return fails ? EXIT.error : EXIT.ok;
    }
    await ask(options, { do: 'edit', edits, words, author });
    output.line(`recorded ${paths.join(', ')} by ${author}`);
    const applied = options.apply ? await tellApply(options, output) : undefined;
    output.document({ paths, author, applied: applied?.code === EXIT.ok });
    return applied?.code ?? EXIT.ok;
  } finally {
    leave();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Told to end in the middle, the copy goes first: it is the site's. Returns what ends that. */
function endsWithout(folder: string): () => void {
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  const end = (): void => {
    rmSync(folder, { recursive: true, force: true });
    process.stderr.write('\nnothing was recorded\n');
    process.exit(EXIT.error);
  };
  for (const signal of signals) process.on(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}

/** Whether the edit is to be recorded: an operator says so, or where nobody can be asked, the check run was fine. */
async function agreed(
  { yes, apply: applies }: { yes?: boolean; apply: boolean },
  fails: boolean,
): Promise<boolean> {
  if (!process.stdin.isTTY || yes === true) return !fails;
  const what = applies ? 'Record and apply it' : 'Record it';
  return /^y/i.test(await question(`${what}${fails ? ' all the same' : ''}? [y/N] `));
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
  if (!process.stdin.isTTY) throw new UserError('say why with --message');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // A terminal in raw mode tells of Ctrl-C by a key, and not by a signal.
  asking.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await asking.question(text);
  } finally {
    asking.close();
  }
}
