import { sha256, type TreeFile } from '../model/tree.ts';
import type { Plan, SiteDefinition, StackDefinition } from '../plan/plan.ts';
import { emitYaml } from '../plan/yaml/emit.ts';
import { makeMap } from '../plan/yaml/make.ts';
import type { MapNode } from '../plan/yaml/node.ts';
import { fileOf } from './digest.ts';
import { postChecks } from './post-check.ts';

/** What a person who comes upon the folder needs to know. */
export function readme(plan: Plan, site: SiteDefinition): string {
  const { playbooks, timeout } = postChecks(plan, site);
  const limit = timeout > 0 ? `, within ${timeout} seconds` : '';
  const check =
    playbooks.length > 0
      ? `After an apply this must pass${limit}: ansible-playbook ${playbooks.map(shellWord).join(' ')}\n`
      : '';
  return `This is the Ansible project of the site ${site.name}, rendered by trueup from the plan ${plan.name}.
Without trueup it is applied by ./apply.sh, and tried by ./apply.sh --check --diff: Ansible is all that it takes.
Edits made here are not lost: trueup records them and works them back into the plan.
${check}`;
}

/** Folders of a stack that Ansible has to be told of, by the setting that tells it. */
const SEARCHED: readonly (readonly [setting: string, folder: string])[] = [
  ['roles_path', 'roles'],
  ['library', 'library'],
  ['module_utils', 'module_utils'],
  ['action_plugins', 'action_plugins'],
  ['filter_plugins', 'filter_plugins'],
  ['lookup_plugins', 'lookup_plugins'],
  ['test_plugins', 'test_plugins'],
];

/**
 * `ansible.cfg`: the same run with a plain `ansible-playbook` as with trueup. A plan has no say in it but through a
 * site's overlay, which is a file that somebody reviewed.
 */
export function ansibleConfig(plan: Plan, site: SiteDefinition): string {
  // Sites may have the same addresses. By default a connection's socket is named for those alone, so that one
  // site's run could go out over another's connection. The folder's name is short, for a socket's path is bounded.
  const sockets = sha256(`${plan.name}\0${site.name}`).slice(0, 12);
  return `[defaults]
inventory = inventory.yml
${sharedOf(plan, site).searched}host_key_checking = True
retry_files_enabled = False
interpreter_python = auto_silent
force_handlers = True
force_valid_group_names = ignore

[connection]
pipelining = True

[ssh_connection]
control_path_dir = ~/.ansible/cp/${sockets}
ssh_args = -o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=5 -o ServerAliveCountMax=3
`;
}

/** What hangs on nothing but which stacks a site has. */
interface Shared {
  /** Lines of `ansible.cfg`. */
  searched: string;
  script: TreeFile;
}

/** By what the plan's stacks are, and the names of a site's stacks in their order. */
const shared = new WeakMap<Plan['stacks'], Map<string, Shared>>();

function sharedOf(plan: Plan, site: SiteDefinition): Shared {
  let known = shared.get(plan.stacks);
  if (!known) shared.set(plan.stacks, (known = new Map<string, Shared>()));
  const key = site.stacks.join('\n');
  let result = known.get(key);
  if (!result) {
    const stacks = site.stacks.map((name) => plan.stacks.get(name)!);
    const script = fileOf(scriptText(plan, site), '100755');
    known.set(key, (result = { searched: searchedText(stacks), script }));
  }
  return result;
}

function searchedText(stacks: readonly StackDefinition[]): string {
  const lines = SEARCHED.map(([setting, folder]) => {
    const folders = stacks
      .filter((stack) => foldersOf(stack).has(folder))
      .map(({ name }) => `${name}/${folder}`);
    return folders.length > 0 ? `${setting} = ${folders.join(':')}\n` : '';
  });
  return lines.join('');
}

/** The folders at the top of what a stack gives to a site tree. */
function foldersOf(stack: StackDefinition): ReadonlySet<string> {
  return new Set(stack.files.map(({ target }) => target.split('/')[1]!));
}

/** `inventory.yml`: hosts with their variables as they stand in the plan, and groups. */
export function inventory(site: SiteDefinition): string {
  const groups = [...site.groups].map(
    ([group, hosts]) =>
      [group, makeMap([['hosts', makeMap(hosts.map((host) => [host, NOTHING]))]])] as const,
  );
  const all: [string, MapNode][] = [['hosts', makeMap([...site.hosts])]];
  if (groups.length > 0) all.push(['children', makeMap(groups)]);
  return emitYaml(makeMap([['all', makeMap(all)]]), () => false);
}

const NOTHING = makeMap([]);

/** Paths within the site tree of what is applied, in order. */
export function playbookPaths(plan: Plan, site: SiteDefinition): string[] {
  return site.stacks.flatMap(
    (name) => plan.stacks.get(name)?.playbooks.map((playbook) => `${name}/${playbook}`) ?? [],
  );
}

/** `apply.sh`: all playbooks in one run, which ends with the first that fails. Arguments are passed on. */
export function applyScript(plan: Plan, site: SiteDefinition): TreeFile {
  return sharedOf(plan, site).script;
}

function scriptText(plan: Plan, site: SiteDefinition): string {
  const playbooks = playbookPaths(plan, site);
  const run =
    playbooks.length > 0
      ? `exec ansible-playbook "$@" ${playbooks.map(shellWord).join(' ')}`
      : "echo 'This site has no playbooks: there is nothing to apply.'";
  return `#!/bin/sh
# Applies this site with Ansible alone. Arguments are passed on: ./apply.sh --check --diff
set -eu
CDPATH='' cd -- "$(dirname -- "$0")"
ANSIBLE_CONFIG="$PWD/ansible.cfg"
export ANSIBLE_CONFIG
${run}
`;
}

/** A word that the shell takes as it stands, whatever is in it. */
function shellWord(word: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
