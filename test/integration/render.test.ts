import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { SiteTree } from '../../src/model/tree.ts';
import { loadPlanAndTemplates } from '../../src/render/open.ts';
import { renderSite } from '../../src/render/render.ts';
import { edited } from '../support/edited-plan.ts';
import { examplePlan } from '../support/example-plan.ts';
import { planFiles } from '../support/plan-files.ts';

const execute = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../support/render-digests.ts');

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-render-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function write(root: string, files: SiteTree): Promise<void> {
  for (const [path, { mode, content }] of files) {
    const full = join(root, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content);
    await chmod(full, mode === '100755' ? 0o755 : 0o644);
  }
}

test('another time zone, locale, home, folder, umask and file order render the same bytes (law 1)', async () => {
  const plan = join(folder, 'plan');
  const dates = 'opened: 2024-02-29\nat: 2024-02-29 23:30:00\nnumber: 1_000.5\nname: Ærøskøbing\n';
  await write(plan, planFiles({ ...examplePlan, 'layers/profile/lab.yaml': dates }));
  const run = async (
    umask: string,
    env: NodeJS.ProcessEnv,
    cwd: string,
    ...more: string[]
  ): Promise<string> => {
    const command = `umask ${umask}; exec "$0" "$@"`;
    const args = ['-c', command, process.execPath, SCRIPT, plan, ...more];
    const { stdout } = await execute('/bin/sh', args, { env, cwd });
    return stdout;
  };
  const here = await run(
    '022',
    { PATH: process.env['PATH'], TZ: 'UTC', LANG: 'C', HOME: folder },
    folder,
  );
  const there = await run(
    '077',
    {
      PATH: '/nowhere',
      TZ: 'Pacific/Chatham',
      LANG: 'tr_TR.UTF-8',
      LC_ALL: 'tr_TR.UTF-8',
      HOME: '/',
      USER: 'x',
    },
    '/',
    'reversed',
  );
  expect(there).toBe(here);
  expect(JSON.parse(here)).toHaveLength(3);
});

test('apply.sh runs the playbooks of the folder it is in, and passes its arguments on', async () => {
  const odd = "playbooks/it's $(touch pwned) & `more`.yml";
  const { plan } = loadPlanAndTemplates(
    planFiles(
      edited({
        [`stacks/control/${odd}`]: '[]\n',
        'stacks/control/stack.yaml': `playbooks: [playbooks/site.yml, ${JSON.stringify(odd)}]\nexports: [api.url, vip]\n`,
      }),
    ),
  );
  const site = join(folder, 'a site; with "odd" $name');
  await write(site, renderSite(plan!, 'madrid-01').tree);
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(
    join(bin, 'ansible-playbook'),
    '#!/bin/sh\nprintf "%s\\n" "$PWD" "$ANSIBLE_CONFIG" "$@"\nexit 4\n',
    { mode: 0o755 },
  );
  const env = { PATH: `${bin}:/usr/bin:/bin`, CDPATH: '/tmp:/' };
  const ended: unknown = await execute(join(site, 'apply.sh'), ['--check', '--limit', 'a b'], {
    env,
    cwd: '/',
  }).catch((error: unknown) => error);
  expect(ended).toMatchObject({
    code: 4,
    stdout: [
      site,
      join(site, 'ansible.cfg'),
      '--check',
      '--limit',
      'a b',
      'control/playbooks/site.yml',
      `control/${odd}`,
      '',
    ].join('\n'),
  });
});
