import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { ansibleCommand } from '../support/ansible.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Where the document has its hosts, on everybody's machine. */
const HOSTS = '/var/tmp/trueup-stacks';
let folder: string;
let env: NodeJS.ProcessEnv;

/** The commands of the document, as they stand there but for where the hosts are. */
async function blocks(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'docs/stacks.md'), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) =>
    block.replaceAll(HOSTS, join(folder, 'hosts')),
  );
}

async function shell(block: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-eu', '-c', block], { cwd: folder, env });
  return stdout;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-stacks-'));
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const trueup = join(bin, 'trueup');
  await writeFile(
    trueup,
    `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`,
  );
  await chmod(trueup, 0o755);
  await cp(join(ROOT, 'examples/stacks'), join(folder, 'examples/stacks'), { recursive: true });
  const layer = join(folder, 'examples/stacks/plan/layers/common.yaml');
  const text = await readFile(layer, 'utf8');
  if (!text.includes(HOSTS)) throw new Error(`${layer} has its hosts elsewhere`);
  await writeFile(layer, text.replace(HOSTS, join(folder, 'hosts')));
  env = {
    ...process.env,
    PATH: [bin, dirname(await ansibleCommand()), process.env['PATH']].join(delimiter),
    HOME: folder,
    NO_COLOR: '1',
    GIT_AUTHOR_NAME: 'Olga Operator',
    GIT_AUTHOR_EMAIL: 'olga@example.org',
    GIT_COMMITTER_NAME: 'Olga Operator',
    GIT_COMMITTER_EMAIL: 'olga@example.org',
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test(
  'the walk-through works as it stands: one node, then a remote site that joins it',
  { timeout: 240_000 },
  async () => {
    const [begin = '', one = '', extend = '', look = '', ...more] = await blocks();
    expect(more).toEqual([]);
    expect(await shell(begin)).toContain('valid: stacks, 1 site, 2 stacks');

    const single = await shell(one);
    const identity = await readFile(join(folder, 'hosts/madrid-01-a/cluster-id'), 'utf8');
    expect(identity).toMatch(/^[0-9a-f]{16}$/);
    expect(single).toContain(
      `# This cluster is run from madrid-01.\nsite=madrid-01\nserver=192.0.2.10:6443\ncluster=${identity}\n`,
    );
    const gathered: unknown = JSON.parse(await readFile(join(folder, 'gathered.json'), 'utf8'));
    expect(gathered).toEqual({ 'madrid-01': { control: { cluster_id: identity } } });

    const extended = await shell(extend);
    expect(extended).toContain(
      `# This cluster is run from madrid-01.\nsite=lisbon-07\nserver=192.0.2.10:6443\ncluster=${identity}\n`,
    );
    // Only the site that came is shown, and only it is applied.
    expect(extended).not.toMatch(/^madrid-01/m);
    expect(await readFile(join(folder, 'hosts/lisbon-07-a/joined'), 'utf8')).toBe(`${identity}\n`);

    const imports = await shell(look);
    expect(imports).toContain(identity);
    expect(imports).not.toContain('admin_port');
    const trees = await readdir(join(folder, 'trees'), { recursive: true, withFileTypes: true });
    const files = trees.filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const text = await readFile(join(file.parentPath, file.name), 'utf8');
      expect(text).not.toMatch(/admin_port|\b9443\b/);
    }
  },
);
