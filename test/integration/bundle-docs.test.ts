import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { beforeEach, expect, test } from 'vitest';

import { ansibleCommand } from '../support/ansible.ts';
import { git, temporaryFolder } from '../support/git.ts';
import { pairPlan } from '../support/world-plan.ts';
import { writeFolder } from '../support/write-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
let folder: string;
let env: NodeJS.ProcessEnv;

/** The commands of the guide, as they stand there: at the centre, at the site, and with a newer bundle. */
async function guide(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'docs/bundles.md'), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

async function shell(cwd: string, block: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('sh', ['-eu', '-c', block], { cwd, env });
}

beforeEach(async () => {
  folder = await temporaryFolder();
  for (const name of ['bin', 'centre', 'site', 'hosts/lisbon'])
    await mkdir(join(folder, name), { recursive: true });
  const trueup = join(folder, 'bin/trueup');
  await writeFile(
    trueup,
    `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`,
  );
  await chmod(trueup, 0o755);
  const path = [join(folder, 'bin'), dirname(await ansibleCommand()), process.env['PATH']];
  env = {
    ...process.env,
    PATH: path.join(':'),
    HOME: folder,
    NO_COLOR: '1',
    GIT_AUTHOR_NAME: 'Sol',
    GIT_AUTHOR_EMAIL: 'sol@site',
    GIT_COMMITTER_NAME: 'Sol',
    GIT_COMMITTER_EMAIL: 'sol@site',
  };
  const plan = join(folder, 'centre/my-plan');
  writeFolder(plan, Object.entries(pairPlan(join(folder, 'hosts'))));
  await git(plan, 'init', '-q', '-b', 'main');
  await git(plan, 'add', '-A');
  await git(plan, 'commit', '-q', '-m', 'Begin');
});

test(
  'the guide works as it stands: a site is run with git and Ansible alone',
  { timeout: 120_000 },
  async () => {
    const [atCentre = '', atSite = '', newer = ''] = await guide();
    const centre = join(folder, 'centre');
    const site = join(folder, 'site');
    const motd = () => readFile(join(folder, 'hosts/lisbon/motd'), 'utf8');
    await shell(centre, atCentre);
    await copyFile(join(centre, 'keys/allowed_signers'), join(site, 'allowed_signers'));
    await copyFile(join(centre, 'lisbon.bundle'), join(site, 'lisbon.bundle'));
    const first = await shell(site, atSite);
    expect(first.stderr.match(/^Good "git" signature for trueup/gm)).toHaveLength(2);
    expect(first.stdout).toMatch(/^Site: lisbon$/m);
    expect(first.stdout).toMatch(/^Expires: \d{4}-/m);
    expect(await motd()).toBe('Welcome\n');

    // Somebody edits the tree at the site, and the plan changes as well.
    const tree = join(site, 'lisbon');
    const clock = join(tree, 'base/files/ntp.conf');
    await writeFile(clock, (await readFile(clock, 'utf8')).replace('192.0.2.1', '192.0.2.7'));
    await shell(tree, 'git commit -q -am "The clock has moved"');
    const layer = join(centre, 'my-plan/layers/common.yaml');
    await writeFile(layer, (await readFile(layer, 'utf8')).replace('Welcome', 'Bem-vindo'));
    await git(join(centre, 'my-plan'), 'commit', '-q', '-am', 'Greet in Portuguese');
    await shell(centre, atCentre.split('\n').slice(1).join('\n'));
    await copyFile(join(centre, 'lisbon.bundle'), join(site, 'newer.bundle'));
    const second = await shell(tree, newer);
    expect(second.stderr).toMatch(/^Good "git" signature for trueup/m);
    expect(await motd()).toBe('Bem-vindo\n');
    expect(await readFile(join(folder, 'hosts/lisbon/ntp.conf'), 'utf8')).toContain('192.0.2.7');
  },
);
