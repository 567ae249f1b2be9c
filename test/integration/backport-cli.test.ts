import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { beforeEach, describe, expect, test, vi } from 'vitest';

import { backportCommand } from '../../src/cli/commands/backport.ts';
import { readObserved } from '../../src/cli/observed.ts';
import { Output } from '../../src/cli/output.ts';
import { openPlan } from '../../src/cli/plan-source.ts';
import { writeTree } from '../../src/cli/write-tree.ts';
import { messageOf } from '../../src/model/errors.ts';
import { changedPaths } from '../../src/model/tree.ts';
import { renderSite, withManifest } from '../../src/render/render.ts';
import { backportPlan, planOf } from '../support/backport-plan.ts';
import { git, temporaryFolder } from '../support/git.ts';
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
  vi.stubEnv('NO_COLOR', '1');
  const folder = await temporaryFolder();
  plan = join(folder, 'plan');
  found = join(folder, 'lisbon');
  writeFolder(plan, Object.entries(backportPlan));
  const rendered = renderSite(planOf(backportPlan), 'lisbon');
  await writeTree(
    found,
    withManifest(rendered, {
      plan: 'chain',
      revision: '',
      generation: 0,
      run: { playbooks: [], outputs: {}, secrets: [] },
    }),
  );
});

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(found, path), 'utf8');
  expect(text).toContain(from);
  await writeFile(
    join(found, path),
    text.replace(from, () => to),
  );
}

/** The command as a process of its own. */
const backportProcess = (...more: string[]) =>
  trueup('backport', 'lisbon', '--plan', plan, '--observed', found, ...more);

/** Keeps what a command tells. */
class KeptOutput extends Output {
  text = '';

  override line(text = ''): void {
    if (!this.json) this.text += `${text}\n`;
  }

  override document(value: unknown): void {
    if (this.json) this.text += `${JSON.stringify(value)}\n`;
  }
}

/** The command within this process, which is quicker by far than one of its own. */
async function backport(...more: string[]): Promise<Ended> {
  const { values } = parseArgs({
    args: more,
    options: {
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      place: { type: 'string', default: 'auto' },
      observed: { type: 'string', default: found },
      alternative: { type: 'string', default: '1' },
    },
  });
  const { json, place, alternative, ...options } = values;
  const output = new KeptOutput(json);
  const where = (['auto', 'origin', 'site'] as const).find((one) => one === place)!;
  const all = { plan, ...options, place: where, alternative: Number(alternative) };
  try {
    const code = await backportCommand('lisbon', all, output);
    return { code, stdout: output.text, stderr: '' };
  } catch (error) {
    return { code: 1, stdout: output.text, stderr: messageOf(error) };
  }
}

/** Renders the site again; the files that are not as they were found, the manifest apart. */
async function renderedOtherwise(): Promise<string[]> {
  const { tree } = renderSite((await openPlan({ plan })).plan, 'lisbon');
  const { observed } = await readObserved(found, 'lisbon', tree);
  return changedPaths(tree, observed);
}

/** What a terminal is shown. */
async function backportOnTerminal(more: Record<string, string>): Promise<string> {
  const program = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
  const args = [process.execPath, MAIN, 'backport', 'lisbon', '--plan', plan, '--observed', found];
  // Nothing of the caller's wishes: NO_COLOR, FORCE_COLOR and CI all speak of colours.
  const { PATH = '', HOME = '' } = process.env;
  const { stdout } = await promisify(execFile)('python3', ['-c', program, ...args], {
    env: { PATH, HOME, TERM: 'xterm', ...more },
  }).catch((error: Ended) => error);
  return stdout;
}

describe('trueup backport', () => {
  test('a site as the plan has it: nothing to do, exit 0', async () => {
    expect(await backportProcess()).toEqual({
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
    expect(stdout).toContain('  why here lisbon alone was edited: no other site changes\n');
    expect(stdout).toContain(`  proof    rendered again: ${ALL} matches byte for byte\n`);
    expect(stdout).toContain(`  touches  lisbon: ${ALL}, store/files/limits.conf\n`);
    expect(stdout).toContain(
      '  2  vlan in layers/common.yaml: 12 → 13  (param, origin; explains 1 file; 2 other sites would change)\n',
    );
    expect(stdout).toContain('--alternative 2 shows one in full, with --write it is made\n');
    expect(stdout).toContain('--write makes this edit\n');
  });

  test('--json is one document of the binding form, and nothing else', async () => {
    await edit(MOTD, 'six', 'eight');
    await writeFile(join(found, 'README'), 'Ask Ana first.\n');
    const { code, stdout, stderr } = await backportProcess('--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      site: 'lisbon',
      revision: '',
      proposals: [
        {
          kind: 'param',
          placement: 'site',
          title: 'motd at lisbon: Open from nine to six → Open from nine to eight',
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
          title: 'README at lisbon: kept as found there',
          edits: [{ file: 'overlays/lisbon/README', patch: expect.stringContaining('+Ask Ana') }],
          explains: ['README'],
          blastRadius: [{ site: 'lisbon', files: ['README'] }],
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
    const { proposals }: { proposals: { kind: string; edits: { patch: string }[] }[] } = JSON.parse(
      (await backport('--json')).stdout,
    );
    const recommended = proposals.filter(({ kind }, index) => index === 0 || kind === 'overlay');
    const patch = recommended.flatMap(({ edits }) => edits.map((one) => one.patch)).join('');
    const file = join(dirname(plan), 'edit.patch');
    await writeFile(file, patch);
    await promisify(execFile)('git', ['apply', '--whitespace=nowarn', file], { cwd: plan });
    // The copy of the parameters follows.
    expect(await renderedOtherwise()).toEqual([ALL]);
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

  test('--alternative tells another way in full, and whom it changes', async () => {
    await edit(ALL, 'vlan: 12', 'vlan: 13');
    const { code, stdout } = await backport('--alternative', '2');
    expect(code).toBe(2);
    expect(stdout).toContain('Change in the plan  vlan in layers/common.yaml: 12 → 13');
    expect(stdout).toContain('  +++ b/layers/common.yaml\n');
    expect(stdout).toContain('the value comes from there: 2 other sites take it from there too\n');
    expect(stdout).toContain(
      `  and also 2 sites (paris, porto): ${ALL}, store/files/limits.conf\n`,
    );
    expect(stdout).toContain('  1  vlan at lisbon: 12 → 13');
    expect(stdout).toContain('--alternative 2 --write makes this edit\n');
    expect(await backport('--alternative', '3')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(
        'there is no alternative 3: the ways to change it are 1 to 2',
      ),
    });
  });

  test('--alternative --write makes that way, and an overlay so that nothing is lost', async () => {
    await edit('store/files/chrony.conf', '10.0.0.2', '10.0.0.3');
    await writeFile(join(found, 'README'), 'Ask Ana first.\n');
    const { code, stdout } = await backport('--alternative', '2', '--write', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      proposals: [{ placement: 'site' }, { kind: 'overlay' }, { placement: 'origin' }],
      chosen: {
        alternative: 2,
        proposals: [
          { placement: 'origin', verified: true },
          { kind: 'overlay', explains: ['README'], verified: true },
        ],
        unexplained: [],
      },
      written: ['layers/common.yaml', 'overlays/lisbon/README'],
    });
    // The copy of the parameters follows.
    expect(await renderedOtherwise()).toEqual([ALL]);
  });

  test('the edited tree may be a commit, of a bare repository too', async () => {
    await edit(MOTD, 'six', 'eight');
    await git(found, 'init', '--quiet', '--initial-branch=found');
    await git(found, 'add', '--all');
    await git(found, 'commit', '--quiet', '--message=As found');
    await edit(MOTD, 'eight', 'nine');
    const bare = join(dirname(plan), 'store.git');
    await git(found, 'clone', '--quiet', '--bare', found, bare);
    for (const where of [`git:${found}@HEAD`, `git:${bare}@refs/heads/found`]) {
      const { code, stdout } = await trueup(
        'backport',
        'lisbon',
        '--plan',
        plan,
        '--observed',
        where,
      );
      expect(code).toBe(2);
      expect(stdout).toContain('motd at lisbon: Open from nine to six → Open from nine to eight');
    }
  });

  test('colours are for terminals that want them', async () => {
    await edit(ALL, 'vlan: 12', 'vlan: 13');
    expect(await backportOnTerminal({})).toContain('\u001b[32m+vlan: 13\u001b[39m');
    const plain = await backportOnTerminal({ NO_COLOR: '1' });
    expect(plain).toContain('+vlan: 13');
    expect(plain).not.toContain('\u001b');
  });

  test('a secret is told neither to people nor to programs, and leaves exit 2', async () => {
    await edit(ALL, 's3cret-token', 'typed-t0ken');
    for (const more of [[], ['--json', '--write']]) {
      const { code, stdout, stderr } = await backportProcess(...more);
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
      /is empty: name the site's edited tree/,
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
      'a commit that there is not',
      async () => ['lisbon', '--observed', `git:${process.cwd()}@no-such-thing`],
      /no-such-thing is no revision of/,
    ],
    [
      'a commit of nothing',
      async () => ['lisbon', '--observed', `git:${found}@HEAD`],
      /is in no git repository/,
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
    ['a way that is no number', ['lisbon', '--observed', '.', '--alternative', 'two']],
    ['no site', ['--observed', '.']],
  ])('%s: exit 64', async (_name, args) => {
    const { code, stdout } = await trueup('backport', ...args, '--plan', plan);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  });
});
