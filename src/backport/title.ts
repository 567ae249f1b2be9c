import type { YamlNode } from '../plan/yaml/node.ts';
import type { SourceChange } from './file-edits.ts';
import { dotted, type YamlChange } from './yaml-changes.ts';

/** Longer titles are cut by forges and read by nobody (characters). */
const MAX_VALUE = 40;
const MAX_NAMES = 3;

/** `ntp_servers[0] at lisbon-07: 10.20.7.1 → 10.20.7.9` */
export function paramsTitle(site: string, changes: readonly SourceChange[]): string {
  const [first] = changes;
  if (changes.length === 1 && first) return `${nameOf(first)} at ${site}: ${told(first.change)}`;
  const names = [...new Set(changes.map(nameOf))];
  const shown = names.slice(0, MAX_NAMES).join(', ');
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return `${shown}${more} at ${site}`;
}

/** `store/files/motd at lisbon-07: kept as found there` */
export function overlayTitle(site: string, paths: readonly string[]): string {
  const shown = paths.slice(0, MAX_NAMES).join(', ');
  const more = paths.length > MAX_NAMES ? ` and ${paths.length - MAX_NAMES} more` : '';
  return `${shown}${more} at ${site}: kept as found there`;
}

function nameOf({ base, change }: SourceChange): string {
  return dotted([...base, ...change.path]);
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
  if (node.kind === 'map') return `{${[...node.entries.keys()].slice(0, MAX_NAMES).join(', ')}}`;
  if (node.kind === 'sequence') return `[${node.items.length}]`;
  const text = node.token.replaceAll(/\s+/g, ' ');
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
