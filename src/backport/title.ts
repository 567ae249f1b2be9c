import { posix } from 'node:path';

import type { Placement } from '../model/proposal.ts';
import type { YamlNode } from '../plan/yaml/node.ts';
import type { SourceChange } from './changes.ts';
import { dotted, type YamlChange } from './yaml-changes.ts';

/** Longer titles are cut by forges and read by nobody (characters). */
const MAX_VALUE = 40;
const MAX_NAMES = 3;
const MAX_TITLE = 200;

/**
 * `ntp_servers[0] at lisbon-07: 10.20.7.1 → 10.20.7.9`
 * @param files the plan files that are edited, where that is not done at the site
 */
export function paramsTitle(
  site: string,
  changes: readonly SourceChange[],
  placement: Placement,
  files: readonly string[],
): string {
  const where = placement === 'site' ? `at ${site}` : `in ${listed(files)}`;
  const [first] = changes;
  if (changes.length === 1 && first) return `${nameOf(first)} ${where}: ${told(first.change)}`;
  return `${listed([...new Set(changes.map(nameOf))])} ${where}`;
}

/** `chrony.conf.j2 for lisbon-07: "rtcsync" → "rtcsync off", the parameter chrony_rtcsync of this site` */
export function templateTitle(
  site: string,
  { changes, edits }: { changes: readonly SourceChange[]; edits: readonly string[] },
  placement: Placement,
  files: readonly string[],
): string {
  const templates = files
    .filter((file) => file.startsWith('stacks/'))
    .map((file) => posix.basename(file));
  const where = placement === 'site' ? `${listed(templates)} for ${site}` : listed(templates);
  const others = [...new Set(changes.filter(({ own }) => !own).map(nameOf))];
  const what = others.length > 0 ? `${listed(others)}; ` : '';
  const said = edits.length === 1 ? edits[0]! : `${edits.length} changes`;
  return `${what}${where}: ${said}`.slice(0, MAX_TITLE);
}

/** `store/files/motd at lisbon-07: kept as found there` */
export function overlayTitle(
  site: string,
  kept: readonly string[],
  removed: readonly string[],
): string {
  const parts = [
    kept.length > 0 ? `${listed(kept)} at ${site}: kept as found there` : '',
    removed.length > 0 ? `${listed(removed)} at ${site}: left out` : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** Some names and how many more. */
export function listed(names: readonly string[], most: number = MAX_NAMES): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** What people call the changed value: a parameter by its name, what is a host's or group's with that. */
export function nameOf({ base, change }: SourceChange): string {
  const [, owner] = base;
  if (owner === undefined) return dotted([...base, ...change.path]);
  return `${dotted(change.path)} of ${owner}`;
}

function told(change: YamlChange): string {
  switch (change.kind) {
    case 'set':
      return change.before
        ? `${short(change.before)} → ${short(change.after)}`
        : `new, ${short(change.after)}`;
    case 'delete':
      return `${short(change.before)} taken away`;
    case 'list':
      return change.steps
        .map(({ kind, item }) => `${kind === 'insert' ? '+' : '−'} ${short(item)}`)
        .join(', ')
        .slice(0, 2 * MAX_VALUE);
  }
}

function short(node: YamlNode): string {
  if (node.kind === 'map') return `{${listed([...node.entries.keys()])}}`;
  if (node.kind === 'sequence') return `[${node.items.length}]`;
  const text = node.token.replaceAll(/\s+/g, ' ') || 'null';
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
