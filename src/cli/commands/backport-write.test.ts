import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { backportPlan, planOf } from '../../../test/support/backport-plan.ts';
import { writeFolder } from '../../../test/support/write-folder.ts';
import type { PlanEdit } from '../../model/proposal.ts';
import { writeEdits } from './backport-write.ts';

const COMMON = 'layers/common.yaml';
const SITE = 'sites/lisbon.yaml';
const KEPT = 'overlays/lisbon/store/files/motd';
const plan = planOf({ ...backportPlan, [KEPT]: 'kept\n' });

async function planFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trueup-write-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  writeFolder(folder, [...Object.entries(backportPlan), [KEPT, 'kept\n']]);
  return folder;
}

function edit(file: string, content: string | null, mode: PlanEdit['mode'] = '100644'): PlanEdit {
  return { file, content: content === null ? null : Buffer.from(content), mode, patch: '' };
}

const textOf = (folder: string, file: string) => readFile(join(folder, file), 'utf8');

test('edits are made, in new folders too, and nothing else is left behind', async () => {
  const folder = await planFolder();
  const before = await readdir(folder);
  await writeEdits(folder, plan, [
    edit(COMMON, 'vlan: 13\n'),
    // A file gives way to a folder of its name.
    edit(`${KEPT}/inner.sh`, '#!/bin/sh\n', '100755'),
    edit(KEPT, null),
  ]);
  expect(await textOf(folder, COMMON)).toBe('vlan: 13\n');
  expect((await stat(join(folder, KEPT, 'inner.sh'))).mode & 0o777).toBe(0o755);
  expect(await readdir(folder)).toEqual(before);
});

test('a file keeps the permissions that it has', async () => {
  const folder = await planFolder();
  await rm(join(folder, COMMON));
  await writeFile(join(folder, COMMON), backportPlan[COMMON]!, { mode: 0o600 });
  await writeEdits(folder, plan, [edit(COMMON, 'vlan: 13\n')]);
  expect((await stat(join(folder, COMMON))).mode & 0o777).toBe(0o600);
});

test.each([
  ['edited', (folder: string) => writeFile(join(folder, SITE), 'somebody else\n')],
  ['deleted', (folder: string) => rm(join(folder, SITE))],
  [
    'made',
    async (folder: string) => {
      await mkdir(join(folder, 'overlays/lisbon/store'), { recursive: true });
      await writeFile(join(folder, 'overlays/lisbon/store/new'), 'somebody else\n');
    },
  ],
])('where a file was %s meanwhile nothing is written', async (_what, meanwhile) => {
  const folder = await planFolder();
  await meanwhile(folder);
  const before = await readdir(folder);
  const edits = [
    edit(COMMON, 'vlan: 13\n'),
    edit(SITE, 'ours\n'),
    edit('overlays/lisbon/store/new', 'ours\n'),
  ];
  await expect(writeEdits(folder, plan, edits)).rejects.toThrow(
    /was changed meanwhile: nothing was written/,
  );
  expect(await textOf(folder, COMMON)).toBe(backportPlan[COMMON]);
  expect(await readdir(folder)).toEqual(before);
});

test('a failure in between tells which files were written', async () => {
  const folder = await planFolder();
  const before = await readdir(folder);
  // A file that the plan knows nothing of stands where a folder is needed.
  await writeFile(join(folder, 'overlays/porto'), '');
  const edits = [
    edit(COMMON, 'vlan: 13\n'),
    edit('overlays/porto/store/files/motd', 'ours\n'),
    edit(SITE, 'ours\n'),
  ];
  await expect(writeEdits(folder, plan, edits)).rejects.toThrow(
    /^of 3 files only these were written: layers\/common\.yaml; then: /,
  );
  expect(await textOf(folder, COMMON)).toBe('vlan: 13\n');
  expect(await textOf(folder, SITE)).toBe(backportPlan[SITE]);
  expect(await readdir(folder)).toEqual(before);
});

test('a path that leads out of the plan is refused', async () => {
  const folder = await planFolder();
  await expect(writeEdits(folder, plan, [edit('../out', 'x')])).rejects.toThrow(
    /the path "..\/out"/,
  );
});
