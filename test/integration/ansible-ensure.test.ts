import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, expect, test } from 'vitest';

const script = join(import.meta.dirname, '../../scripts/ensure-ansible.ts');
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-test-'));
  await mkdir(join(folder, 'bin'));
  await program('apt-get', 'echo "no network" >&2; exit 100');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function program(name: string, body: string): Promise<void> {
  const path = join(folder, 'bin', name);
  await writeFile(path, `#!/bin/sh\nPATH=/usr/bin:/bin\n${body}\n`);
  await chmod(path, 0o755);
}

/** A python3 whose venv and pip do no more than put an ansible-playbook in place. */
async function fakePython(faults: { venv?: string; pip?: string } = {}): Promise<void> {
  const answer = `echo 'ansible-playbook [core 2.19.0]'`;
  await program(
    'python3',
    `make() { mkdir -p "$1/bin"; printf '#!/bin/sh\\n%s\\n' "${answer}" > "$1/bin/ansible-playbook"; chmod 755 "$1/bin/ansible-playbook"; }
echo "$*" >> ${folder}/calls
case "$*" in
  *sys.executable*) echo 3 11 "$0" ;;
  *'/bin/ansible-playbook --version') ${answer} ;;
  '-m venv '*) ${faults.venv ?? `mkdir -p "$3/bin"; cp "$0" "$3/bin/python"`} ;;
  '-m pip '*) ${faults.pip ?? `make "$(dirname "$(dirname "$0")")"; sleep 0.3`} ;;
esac`,
  );
}

/** Runs the script's function in a process of its own, as npm does. */
async function ensure(): Promise<{ path: string; said: string; code: number | null }> {
  const options = { path: join(folder, 'bin'), cache: join(folder, 'cache/ansible') };
  const code = `const { ensureAnsible } = await import(${JSON.stringify(script)});
    process.stdout.write(await ensureAnsible(${JSON.stringify(options)}));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { PATH: join(folder, 'bin') },
  });
  const ended = once(child, 'close');
  const [path, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  return { path, said, code: child.exitCode };
}

test('one that is there is taken without a word', async () => {
  await program('ansible-playbook', `echo 'ansible-playbook [core 2.14.18]'`);
  expect(await ensure()).toEqual({ path: join(folder, 'bin/ansible-playbook'), said: '', code: 0 });
});

test('two at once install once, and both get it', async () => {
  await fakePython();
  const ours = join(folder, 'cache/ansible/bin/ansible-playbook');
  const results = await Promise.all([ensure(), ensure()]);
  expect(results.map(({ path }) => path)).toEqual([ours, ours]);
  expect((await readFile(join(folder, 'calls'), 'utf8')).match(/-m pip/g)).toHaveLength(1);
  expect(await ensure()).toMatchObject({ path: ours, said: '' });
});

test('what a killed installation left is no Ansible, and is removed', async () => {
  await fakePython();
  await mkdir(join(folder, 'cache/ansible-builds/2.19.0-killed/bin'), { recursive: true });
  await writeFile(join(folder, 'cache/ansible.new'), 'half');
  const { said } = await ensure();
  expect(said).toContain('installing ansible-core 2.19');
  expect(await readdir(join(folder, 'cache/ansible-builds'))).toHaveLength(1);
});

test('without venv the packages go into a folder', async () => {
  await fakePython({ venv: 'echo "no ensurepip" >&2; exit 1', pip: ':' });
  const { said } = await ensure();
  expect(said).toContain('virtual environment: no ensurepip');
  const calls = await readFile(join(folder, 'calls'), 'utf8');
  expect(calls).toMatch(/-m pip install .*--target \S+\/packages ansible-core==2\.19\./);
});

test('an installation that does not run is not taken', async () => {
  await fakePython({ pip: ':' });
  const { said } = await ensure();
  expect(said).toMatch(
    /virtual environment: .*ansible-playbook|it was installed, but it does not run/,
  );
  expect(await readFile(join(folder, 'calls'), 'utf8')).toContain('--target');
});

test('where nothing helps, everything that was tried is told', async () => {
  const { path, said, code } = await ensure();
  expect(path).toBe('');
  expect(code).toBe(1);
  expect(said).toContain('install ansible-core 2.14 or later by hand');
  for (const way of [
    'virtual environment',
    'pip --target',
    'apt python3-venv',
    'apt ansible-core',
  ]) {
    expect(said).toContain(`${way}: `);
  }
});
