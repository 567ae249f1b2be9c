import { expect, test } from 'vitest';

import { append, edited, type Edits, faultsOf } from '../../test/support/edited-plan.ts';
import { planFiles } from '../../test/support/plan-files.ts';
import { loadPlan } from './load.ts';
import type { PostCheck } from './plan.ts';

const COMPUTE = 'stacks/compute/stack.yaml';

function withCheck(check: string): Edits {
  return { [COMPUTE]: append(`postCheck: ${check}\n`) };
}

test.each<[check: string, read: PostCheck]>([
  ['playbooks/tune.yml', { run: { playbook: 'playbooks/tune.yml' } }],
  [
    '{ playbook: playbooks/tune.yml, timeout: 1m30s }',
    { run: { playbook: 'playbooks/tune.yml' }, timeout: 90 },
  ],
  [
    "{ command: [curl, -fsS, 'http://192.0.2.1/'], timeout: 1500ms }",
    { run: { command: ['curl', '-fsS', 'http://192.0.2.1/'] }, timeout: 2 },
  ],
])('postCheck: %s', (check, read) => {
  const { plan } = loadPlan(planFiles(edited(withCheck(check))));
  expect(plan?.stacks.get('compute')?.postCheck).toEqual(read);
});

test.each<[what: string, check: string, faults: string[]]>([
  [
    'a playbook that there is not',
    'playbooks/tunes.yml',
    [
      'there is no playbook "stacks/compute/playbooks/tunes.yml" (did you mean "playbooks/tune.yml"?)',
    ],
  ],
  [
    "another stack's playbook",
    '{ playbook: ../control/playbooks/site.yml }',
    ['there is no playbook "stacks/compute/../control/playbooks/site.yml"'],
  ],
  [
    'nothing to run',
    '{ timeout: 1m }',
    ['"postCheck" must have a playbook or a command, and not both'],
  ],
  [
    'two things to run',
    '{ playbook: playbooks/tune.yml, command: [id] }',
    ['"postCheck" must have a playbook or a command, and not both'],
  ],
  ['an empty command', '{ command: [] }', ['"postCheck.command" must not be empty']],
  ['a program without a name', "{ command: [''] }", ['"" cannot be the name of a program']],
  ['a zero byte', '{ command: [id, "a\\0b"] }', ['"a\\u0000b" cannot be an argument of a program']],
  ['a shell line', '{ command: curl -fsS }', ['"postCheck.command" must be a list, not text']],
  [
    'an unknown key',
    '{ playbok: playbooks/tune.yml }',
    ['unknown key "playbok" in "postCheck" (did you mean "playbook"?)'],
  ],
  [
    'no duration',
    '{ command: [id], timeout: soon }',
    ['"postCheck.timeout" must be a duration such as 30s, 10m or 1h30m'],
  ],
  [
    'no time at all',
    '{ command: [id], timeout: 20ms }',
    ['"postCheck.timeout" must be 1s or more, not "20ms"'],
  ],
  [
    'a number',
    '60',
    ['"postCheck" must be a playbook, or a map with a playbook or a command, and a timeout'],
  ],
])('%s', (_, check, faults) => {
  const found = faultsOf(withCheck(check));
  expect(
    found.map((fault) => fault.replace(/^stacks\/compute\/stack\.yaml:\d+:\d+: /, '')),
  ).toEqual(faults);
  for (const fault of found) expect(fault).toMatch(/^stacks\/compute\/stack\.yaml:3:\d+: /);
});
