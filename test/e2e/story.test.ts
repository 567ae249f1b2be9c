import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { git } from '../support/git.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const Story = z.object({
  folder: z.string(),
  steps: z.array(z.object({ step: z.string(), seen: z.string(), seconds: z.number() })),
});

let folder: string;
let story: z.output<typeof Story>;
let stdout: string;

// The README's first command, with real Ansible: played once, and looked at from several sides.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trueup-story-'));
  const played = await run(process.execPath, [MAIN, 'demo', '--once', '--json', '--dir', folder], {
    maxBuffer: 2 ** 24,
  });
  stdout = played.stdout;
  story = Story.parse(JSON.parse(stdout));
}, 400_000);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

test('the story is played to its end, each step checked', () => {
  expect(story.steps.map(({ step }) => step)).toHaveLength(7);
  expect(story.steps[1]!.seen).toMatch(/^4 runs, \d+ tasks/);
  expect(story.steps[2]!.seen).toBe(
    'applied again: lisbon-07, porto-03; the other 2 were left alone',
  );
});

test('with --json there is one document on stdout and nothing else', () => {
  expect(() => JSON.parse(stdout)).not.toThrow();
});

test('Ansible really set up the hosts', async () => {
  const chrony = await readFile(join(folder, 'hosts/lisbon-07-a/etc/chrony.conf'), 'utf8');
  expect(chrony).toContain('server 10.20.7.9 iburst');
  expect(await readFile(join(folder, 'hosts/porto-03-a/etc/timezone'), 'utf8')).toBe(
    'Atlantic/Madeira\n',
  );
});

test('the plan learnt the edit that was merged, and not the one that was closed', async () => {
  const plan = join(folder, 'plan.git');
  expect(await git(plan, 'show', 'main:sites/lisbon-07.yaml')).toMatch(
    /10\.20\.7\.9[\s\S]*Back at noon/,
  );
  expect(await git(plan, 'log', '-p', 'main')).not.toContain('Gone fishing');
});

test('plain git reads every site’s history, the closed edit included', async () => {
  const sites = join(folder, 'data/sites.git');
  const refs = await git(sites, 'for-each-ref', '--format=%(refname)');
  expect(refs.split('\n')).toHaveLength(12);
  const history = await git(sites, 'log', '-p', 'refs/sites/porto-03/observed');
  expect(history).toContain('+motd: "Gone fishing"');
  const message = await git(sites, 'log', '-1', '--format=%B', 'refs/sites/porto-03/desired');
  expect(message).toMatch(/Plan-Revision: [0-9a-f]{40}\nSite: porto-03\nGeneration: 2/);
});
