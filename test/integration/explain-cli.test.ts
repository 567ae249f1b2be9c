import { execFile } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { temporaryFolder } from '../support/git.ts';

const ROOT = join(import.meta.dirname, '../..');
const EDGE = join(ROOT, 'examples/edge');

/** Runs `trueup explain` as people do. */
async function explain(args: string[], plan = EDGE) {
  const all = [join(ROOT, 'src/cli/main.ts'), 'explain', ...args, '--plan', plan];
  const env = { ...process.env, NO_COLOR: '1' };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, all, { env });
    return { code: 0, stdout, stderr };
  } catch (error) {
    // What execFile rejects with, for a process that ended by itself.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('a key is told to people', async () => {
  const { code, stdout } = await explain(['lisbon-07', 'ntp_servers']);
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "ntp_servers at lisbon-07: [10.20.7.1]
      from sites/lisbon-07.yaml:19:3

    Sources, highest first
      site     sites/lisbon-07.yaml:19:3    wins              [10.20.7.1]
      layer    layers/profile/store.yaml    does not have it
      layer    layers/region/eu-south.yaml  does not have it
      layer    layers/common.yaml:16:1      shadowed          [192.0.2.123]
      default  stacks/base/schema.json      does not have it

    Made of
      ntp_servers[0]  10.20.7.1  sites/lisbon-07.yaml:19:17

    Read by
      stacks/base/templates/chrony.conf.j2:2:1   {% for server in ntp_servers  → base/files/chrony.conf
      stacks/base/templates/chrony.conf.j2:3:11  server                        → base/files/chrony.conf

    Mentioned in (the name stands there; that it is read is not proved)
      stacks/base/roles/system/handlers/main.yml:6:27  1 time
    "
  `);
});

test('a line of a rendered file is told to people', async () => {
  const { stdout } = await explain(['lisbon-07', 'base/files/chrony.conf:2']);
  expect(stdout).toMatchInlineSnapshot(`
    "base/files/chrony.conf:2 at lisbon-07
      rendered from stacks/base/templates/chrony.conf.j2:1:1

      server 10.20.7.1 iburst

    Pieces
      loop                  stacks/base/templates/chrony.conf.j2:2:1   {% for server in ntp_servers (element 1 of 1) reads ntp_servers
        text   "server "    stacks/base/templates/chrony.conf.j2:3:1
        value  "10.20.7.1"  stacks/base/templates/chrony.conf.j2:3:11  server reads ntp_servers[0]
        text   " iburst\\n"  stacks/base/templates/chrony.conf.j2:3:20

    ntp_servers = [10.20.7.1]
      from sites/lisbon-07.yaml:19:3
      site   sites/lisbon-07.yaml:19:3  wins      [10.20.7.1]
      layer  layers/common.yaml:16:1    shadowed  [192.0.2.123]

    ntp_servers[0] = 10.20.7.1
      from sites/lisbon-07.yaml:19:17
      site   sites/lisbon-07.yaml:19:17  wins      10.20.7.1
      layer  layers/common.yaml:16:1     shadowed  [192.0.2.123]
    "
  `);
});

test('--json is one document', async () => {
  const { stdout } = await explain(['lisbon-07', 'snmp_community', '--json']);
  expect(Object.keys(JSON.parse(stdout))).toEqual([
    'kind',
    'site',
    'value',
    'uses',
    'mentions',
    'failed',
  ]);
  expect(stdout).not.toContain('example-only');
});

test('what a plan holds does not steer the terminal', async () => {
  const plan = join(await temporaryFolder(), 'plan');
  await cp(EDGE, plan, { recursive: true });
  await writeFile(
    join(plan, 'layers/region/eu-south.yaml'),
    'domain: "a"\nmotd2: "\u202enihton"\n',
  );
  const { stdout } = await explain(['lisbon-07', 'motd2'], plan);
  expect(stdout).toContain(String.raw`\u202enihton`);
  expect(stdout).not.toContain('\u202e');
});

test.each([
  ['a site', ['lisbon-70', 'domain'], 1, /did you mean "lisbon-07"/],
  ['a key', ['lisbon-07', 'domian'], 1, /did you mean "domain"/],
  ['a file', ['lisbon-07', 'base/files/mot'], 1, /did you mean "base\/files\/motd"/],
  ['a line', ['lisbon-07', 'README:99'], 1, /has no line 99/],
  ['nothing', ['lisbon-07'], 64, /missing required argument/],
])('unknown or missing: %s', async (_name, args, code, message) => {
  expect(await explain(args)).toMatchObject({
    code,
    stdout: '',
    stderr: expect.stringMatching(message),
  });
});
