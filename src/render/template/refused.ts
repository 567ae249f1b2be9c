import { Fault } from './errors.ts';

const ESCAPED = 'it is for web pages; escape is supported';
const FILES = 'it looks at files of the machine that renders; give the value as a parameter';
const VAULT = 'vault the parameter itself: !vault is carried as it is';
const DATES =
  'a rendering knows no clock and no time zone; give the text of the date as a parameter';
const TASKS = 'it asks for the result of a task; templates are rendered before any task runs';

/** Why filters that Ansible has are left out, and what to do instead. */
const filters: Readonly<Record<string, string>> = {
  attr: 'write .name or [name]',
  expanduser: FILES,
  expandvars: FILES,
  fileglob: FILES,
  realpath: FILES,
  from_yaml_all: 'use from_yaml, for one document',
  json_query: 'use selectattr, map and sum, or loops',
  password_hash:
    'its salt is random, so each rendering would differ; give the hash as a vaulted parameter',
  pprint: 'use to_nice_json or to_nice_yaml',
  strftime: DATES,
  to_datetime: DATES,
  striptags: ESCAPED,
  urlize: ESCAPED,
  type_debug: 'the names of types differ between versions; use tests such as "is string"',
  unvault: VAULT,
  vault: VAULT,
};

/** Why tests that Ansible has are left out, and what to do instead. */
const tests: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    words(
      'change changed failed failure finished reachable skip skipped started succeeded success ' +
        'successful timedout unreachable',
    ).map((name) => [name, TASKS]),
  ),
  ...Object.fromEntries(
    words(
      'directory exists file link link_exists mount same_file is_dir is_file is_link is_mount ' +
        'is_same_file vaulted_file',
    ).map((name) => [name, FILES]),
  ),
  escaped: 'escaped text can only be printed',
  filter: 'which filters there are depends on the version',
  test: 'which tests there are depends on the version',
};

/** The Fault of a filter or test that is not supported: what to do instead, where that is known. */
export function unsupported(what: 'filter' | 'test', name: string, offset?: number): Fault {
  const short = name.slice(name.lastIndexOf('.') + 1);
  const known = what === 'filter' ? filters : tests;
  const hint = Object.hasOwn(known, short) ? known[short] : ofCollection(what, name);
  return new Fault(`the ${what} "${name}" is not supported`, {
    ...(offset !== undefined && { offset }),
    ...(hint !== undefined && { hint }),
  });
}

function ofCollection(what: string, name: string): string | undefined {
  if (!name.includes('.') || name.startsWith('ansible.builtin.')) return undefined;
  return `a ${what} of a collection is a program of its own; give its result as a parameter`;
}

function words(text: string): string[] {
  return text.split(' ');
}
