import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { beforeEach, describe, expect, test } from 'vitest';

import { writeTree } from '../../src/cli/write-tree.ts';
import { renderSite, withManifest } from '../../src/render/render.ts';
import { backportPlan, planOf } from '../support/backport-plan.ts';
import { temporaryFolder } from '../support/git.ts';
import { writeFolder } from '../support/write-folder.ts';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const ALL = 'group_vars/all.yml';
const MOTD = 'store/files/motd';

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line as people do. */
async function trueup(...args: string[]): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: '1' };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
      env,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    // What execFile rejects with, for a process that ended by itself.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return error as Ended;
  }
}

let plan: string;
let found: string;

beforeEach(async () => {
  const folder = await temporaryFolder();
  plan = join(folder, 'plan');
  found = join(folder, 'lisbon');
  writeFolder(plan, Object.entries(backportPlan));
  const rendered = renderSite(planOf(backportPlan), 'lisbon');
  await writeTree(found, withManifest(rendered, { plan: 'chain', revision: '', generation: 0 }));
});

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(found, path), 'utf8');
  expect(text).toContain(from);
  await writeFile(
    join(found, path),
    text.replace(from, () => to),
  );
}

const backport = (...more: string[]) =>
  trueup('backport', 'lisbon', '--plan', plan, '--observed', found, ...more);

/** Renders the site again; the files that are not as they were found, the manifest apart. */
async function renderedOtherwise(): Promise<string[]> {
  const again = join(dirname(plan), 'again');
  const { code, stderr } = await trueup('render', 'lisbon', '--plan', plan, '--out', again);
  if (code !== 0) return [stderr];
  const diff = ['diff', '--no-index', '--name-status', join(again, 'lisbon'), found];
  const { stdout } = await promisify(execFile)('git', diff).catch(
    (error: { stdout: string }) => error,
  );
  return stdout.split('\n').filter((line) => line !== '' && !line.includes('.trueup/'));
}

describe('trueup backport', () => {
  test('a site as the plan has it: nothing to do, exit 0', async () => {
    expect(await backport()).toEqual({
      code: 0,
      stdout: 'lisbon is as the plan has it\n',
      stderr: '',
    });
    expect(JSON.parse((await backport('--json')).stdout)).toEqual({
      site: 'lisbon',
      revision: '',
      proposals: [],
      unexplained: [],
    });
  });

  test('an edit is told to people: what, where, the proof and whom it touches; exit 2', async () => {
    await edit(ALL, 'vlan: 12', 'vlan: 13');
    const { code, stdout, stderr } = await backport();
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(stdout).toContain('Edited  lisbon: 1 file\n');
    expect(stdout).toContain('  -vlan: 12\n  +vlan: 13\n');
    expect(stdout).toContain('Change in the plan  vlan at lisbon: 12 → 13  (param, site)\n');
    expect(stdout).toContain('  +++ b/sites/lisbon.yaml\n');
    expect(stdout).toContain(`  proof    rendered again: ${ALL} as found, byte for byte\n`);
    expect(stdout).toContain(`  touches  lisbon: ${ALL}, store/files/limits.conf\n`);
    expect(stdout).toContain('Or instead  vlan in layers/common.yaml: 12 → 13  (param, origin)\n');
    expect(stdout).toContain(
      '  note     changes 2 more sites, where nobody made the edit: paris, porto\n',
    );
    expect(stdout).toContain('--write makes these edits\n');
  });

  test('--json is one document of the binding form, and nothing else', async () => {
    await edit(MOTD, 'six', 'eight');
    await edit('store/playbooks/site.yml', 'tasks: []', 'tasks: [debug: {}]');
    const { code, stdout, stderr } = await backport('--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const playbook = 'store/playbooks/site.yml';
    expect(JSON.parse(stdout)).toEqual({
      site: 'lisbon',
      revision: '',
      proposals: [
        {
          kind: 'param',
          placement: 'site',
          edits: [
            {
              file: 'sites/lisbon.yaml',
              patch: expect.stringMatching(/^--- a\/sites\/lisbon\.yaml\n/),
            },
          ],
          explains: [MOTD],
          blastRadius: [{ site: 'lisbon', files: [ALL, MOTD] }],
          verified: true,
          notes: [expect.stringContaining('mirror')],
        },
        {
          kind: 'overlay',
          placement: 'site',
          edits: [
            { file: `overlays/lisbon/${playbook}`, patch: expect.stringContaining('+  tasks') },
          ],
          explains: [playbook],
          blastRadius: [{ site: 'lisbon', files: [playbook] }],
          verified: true,
          notes: [
            expect.stringContaining('kept as it stands'),
            expect.stringContaining('no longer reach'),
          ],
        },
      ],
      unexplained: [],
    });
  });

  test('the patches are what git apply takes, and then the site renders as it was found', async () => {
    await edit(MOTD, 'six', 'eight');
    await edit('store/files/chrony.conf', 'rtcsync', 'rtcsync off');
    await chmod(join(found, 'store/playbooks/site.yml'), 0o755);
    await rm(join(found, 'store/files/limits.conf'));
    await writeFile(join(found, 'store/files/empty'), '');
    const { proposals }: { proposals: { edits: { patch: string }[] }[] } = JSON.parse(
      (await backport('--json')).stdout,
    );
    const patch = proposals.flatMap(({ edits }) => edits.map((one) => one.patch)).join('');
    const file = join(dirname(plan), 'edit.patch');
    await writeFile(file, patch);
    await promisify(execFile)('git', ['apply', '--whitespace=nowarn', file], { cwd: plan });
    await edit(ALL, 'Open from nine to six', 'Open from nine to eight');
    expect(await renderedOtherwise()).toEqual([]);
  });

  test('--write makes the edits, exit 0: the site renders as it was found, comments stay', async () => {
    await edit(ALL, 'Open from nine to six', 'Open from nine to eight');
    await edit(MOTD, 'six', 'eight');
    await edit('host_vars/lisbon-b.yml', 'cpus: 4', 'cpus: 8');
    await chmod(join(found, 'store/playbooks/site.yml'), 0o755);
    await rm(join(found, 'store/files/limits.conf'));
    await writeFile(join(found, 'store/files/logo.bin'), Buffer.from([0, 1, 2]));
    const { code, stdout } = await backport('--write');
    expect(code).toBe(0);
    expect(stdout).toContain('written  sites/lisbon.yaml\n');
    expect(await readFile(join(plan, 'sites/lisbon.yaml'), 'utf8')).toContain(
      "  motd: Open from nine to eight # the store's hours\n",
    );
    expect(await renderedOtherwise()).toEqual([]);
  });

  test('--write takes out of the overlay what it no longer needs to hold', async () => {
    writeFolder(plan, [['overlays/lisbon/store/files/logo.bin', 'OTHER\n']]);
    expect(await backport('--write')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('removed  overlays/lisbon/store/files/logo.bin\n'),
    });
    expect(await backport()).toMatchObject({ code: 0, stdout: 'lisbon is as the plan has it\n' });
  });

  test('--place origin --write changes the layer', async () => {
    await edit(ALL, 'vlan: 12', 'vlan: 13');
    expect((await backport('--place', 'origin', '--write')).code).toBe(0);
    const layer = await readFile(join(plan, 'layers/common.yaml'), 'utf8');
    expect(layer).toBe(backportPlan['layers/common.yaml']!.replace('vlan: 12', 'vlan: 13'));
  });

  test('a secret is told neither to people nor to programs, and leaves exit 2', async () => {
    await edit(ALL, 's3cret-token', 'typed-t0ken');
    for (const more of [[], ['--json', '--write']]) {
      const { code, stdout, stderr } = await backport(...more);
      expect(code).toBe(2);
      expect(stdout).toContain('a secret was changed at the site');
      expect(stdout + stderr).not.toMatch(/s3cret|typed-t0ken/);
    }
  });

  test('what a site holds does not steer the terminal', async () => {
    await edit(MOTD, 'six', 'six \u001b[2J\u202egnihton');
    const { stdout } = await backport();
    expect(stdout).toContain(String.raw`six \u001b[2J\u202egnihton`);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\u202e');
  });

  test('a link in the place of a file is told, and is no deleted file', async () => {
    await rm(join(found, MOTD));
    await symlink('/etc/motd', join(found, MOTD));
    const { code, stdout } = await backport('--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      proposals: [],
      unexplained: [{ path: MOTD, reason: 'it is a symbolic link to /etc/motd' }],
    });
  });
});

describe('trueup backport tells what is wrong', () => {
  test.each<[string, () => Promise<string[]>, RegExp]>([
    [
      'no such site',
      async () => ['atlantis', '--observed', found],
      /the plan has no site atlantis/,
    ],
    ['no folder', async () => ['lisbon', '--observed', `${found}-not`], /there is no folder/],
    [
      'an empty folder',
      async () => {
        await mkdir(`${found}-empty`);
        return ['lisbon', '--observed', `${found}-empty`];
      },
      /is empty: name the folder with the site's edited tree/,
    ],
    [
      'the tree of another site',
      async () => ['porto', '--observed', found],
      /is the tree of the site lisbon, and not of porto/,
    ],
    [
      'a revision to write to',
      async () => ['lisbon', '--observed', found, '--write', '--rev', 'HEAD'],
      /give --write or --rev, not both/,
    ],
    [
      'a plan with a fault',
      async () => {
        await writeFile(join(plan, 'layers/common.yaml'), 'vlan: [\n');
        return ['lisbon', '--observed', found];
      },
      /layers\/common\.yaml:2:1: /,
    ],
  ])('%s: exit 1', async (_name, args, message) => {
    const ended = await trueup('backport', ...(await args()), '--plan', plan);
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
  });

  test.each([
    ['no observed tree', ['lisbon']],
    ['a place that there is not', ['lisbon', '--observed', '.', '--place', 'moon']],
    ['an option that there is not', ['lisbon', '--observed', '.', '--wirte']],
    ['no site', ['--observed', '.']],
  ])('%s: exit 64', async (_name, args) => {
    const { code, stdout } = await trueup('backport', ...args, '--plan', plan);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  });
});
