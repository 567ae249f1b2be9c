import { execFile } from 'node:child_process';
import { access, chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { beforeEach, expect, test } from 'vitest';

import { fingerprint } from '../../src/bundle/keys.ts';
import { openKeys } from '../../src/cli/commands/key.ts';
import { ansibleCommand } from '../support/ansible.ts';
import { git, temporaryFolder } from '../support/git.ts';
import { pairPlan } from '../support/world-plan.ts';
import { writeFolder } from '../support/write-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
let folder: string;
let env: NodeJS.ProcessEnv;

/**
 * The commands of the guide, as they stand there: at the centre, at the site, with a newer bundle, all in one line,
 * with a new key, and without the old one.
 */
async function guide(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'docs/bundles.md'), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

async function shell(
  cwd: string,
  block: string,
  more: NodeJS.ProcessEnv = {},
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('sh', ['-eu', '-c', block], { cwd, env: { ...env, ...more } });
}

/** Carries a file of the centre's to the site. */
function carry(from: string, to: string): Promise<void> {
  return copyFile(join(folder, 'centre', from), join(folder, 'site', to));
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
  { timeout: 240_000 },
  async () => {
    const [atCentre = '', atSite = '', newer = ''] = await guide();
    const centre = join(folder, 'centre');
    const site = join(folder, 'site');
    const motd = () => readFile(join(folder, 'hosts/lisbon/motd'), 'utf8');
    await shell(centre, atCentre);
    await carry('keys/allowed_signers', 'allowed_signers');
    await carry('lisbon.bundle', 'lisbon.bundle');
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
    await carry('lisbon.bundle', 'newer.bundle');
    const second = await shell(tree, newer);
    expect(second.stderr).toMatch(/^Good "git" signature for trueup/m);
    expect(await motd()).toBe('Bem-vindo\n');
    expect(await readFile(join(folder, 'hosts/lisbon/ntp.conf'), 'utf8')).toContain('192.0.2.7');
  },
);

/** What somebody does to the clone of a bundle, to have commands of their own run at the site. */
const TAMPERED: Record<string, { with: string; refused: RegExp }> = {
  'a commit without a signature': {
    with: 'git commit -q -am "Serve me"',
    refused: /^(?:error: no signature found\n)?$/,
  },
  'a commit signed by a key of their own': {
    with: `ssh-keygen -q -t ed25519 -N '' -f ../theirs
      git -c gpg.format=ssh -c user.signingKey=../theirs.pub commit -q -S -am "Serve me"`,
    refused: /No principal matched/,
  },
  'our signature on another tree': {
    with: `git add -A
      git cat-file commit HEAD | sed "1s/.*/tree $(git write-tree)/" > ../words
      git update-ref HEAD "$(git hash-object -t commit -w ../words)"`,
    refused: /incorrect signature|Could not verify signature/,
  },
};

test(
  'a bundle that was tampered with is refused by hand, and nothing of it is run',
  { timeout: 240_000 },
  async () => {
    const [atCentre = '', , , inOneLine = ''] = await guide();
    const site = join(folder, 'site');
    const ran = () =>
      access(join(folder, 'hosts/lisbon/motd')).then(
        () => true,
        () => false,
      );
    await shell(join(folder, 'centre'), atCentre);
    await carry('keys/allowed_signers', 'allowed_signers');
    const refuse = async (refused: RegExp): Promise<void> => {
      await expect(shell(site, inOneLine)).rejects.toMatchObject({
        stderr: expect.stringMatching(refused),
      });
      expect(await ran()).toBe(false);
      await rm(join(site, 'lisbon'), { recursive: true, force: true });
    };

    const bytes = await readFile(join(folder, 'centre/lisbon.bundle'));
    for (const at of [bytes.length - 10, bytes.length - 200, Math.floor(bytes.length / 2)]) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 4;
      await writeFile(join(site, 'lisbon.bundle'), flipped);
      await refuse(/^fatal: /m);
    }
    for (const [what, { with: change, refused }] of Object.entries(TAMPERED)) {
      const theirs = join(folder, 'theirs', what.replaceAll(' ', '-'));
      await mkdir(theirs, { recursive: true });
      const steps = `git clone -q '${join(folder, 'centre/lisbon.bundle')}' tree
        cd tree
        sed -i '2i touch ../run' apply.sh
        ${change}
        git tag -f -a -m "Serve me" "$(git tag)" HEAD
        rm -f '${join(site, 'lisbon.bundle')}'
        git bundle create -q '${join(site, 'lisbon.bundle')}' HEAD desired --tags`;
      await shell(theirs, steps);
      await refuse(refused);
      await expect(access(join(site, 'run'))).rejects.toThrow('ENOENT');
    }

    // The same line runs what is good.
    await carry('lisbon.bundle', 'lisbon.bundle');
    await shell(site, inOneLine);
    expect(await ran()).toBe(true);
  },
);

test(
  'a site trusts the old key and the new one, and after a revocation the new one alone',
  { timeout: 240_000 },
  async () => {
    const [atCentre = '', , , , withNewKey = '', withoutOld = ''] = await guide();
    const centre = join(folder, 'centre');
    const site = join(folder, 'site');
    /** Whether git alone takes the bundle with this list, commit and tag. */
    const counts = async (bundle: string, list: string): Promise<boolean> => {
      const verify = `git -c gpg.ssh.allowedSignersFile=../${list}`;
      const steps = `rm -rf tree; git clone -q ${bundle} tree; cd tree
        ${verify} verify-commit HEAD
        ${verify} verify-tag "$(git describe --exact-match)"`;
      return shell(site, steps).then(
        () => true,
        () => false,
      );
    };
    await shell(centre, atCentre);
    const old = fingerprint((await openKeys(join(centre, 'keys'))).signer.publicKey);
    await carry('lisbon.bundle', 'old.bundle');
    await carry('keys/allowed_signers', 'trust-old');
    const { stdout } = await shell(centre, withNewKey);
    expect(stdout.match(/^trueup .*ssh-ed25519 /gm)).toHaveLength(2);
    await carry('lisbon.bundle', 'new.bundle');
    await carry('keys/allowed_signers', 'trust-both');
    await shell(centre, withoutOld, { FINGERPRINT: old });
    await carry('keys/allowed_signers', 'trust-new');

    const verdicts: Record<string, boolean[]> = {};
    for (const list of ['trust-old', 'trust-both', 'trust-new'])
      verdicts[list] = [await counts('old.bundle', list), await counts('new.bundle', list)];
    expect(verdicts).toEqual({
      'trust-old': [true, false],
      'trust-both': [true, true],
      'trust-new': [false, true],
    });
  },
);
