import { diffArrays } from 'diff';

import { changedPaths, sha256, type SiteTree, type TreeFile } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import type { YamlNode } from '../plan/yaml/node.ts';
import { readYaml } from './changed-params.ts';
import { isDataFile } from './data-files.ts';
import { SecretGuard } from './secrets.ts';
import { type YamlChange, yamlChanges } from './yaml-changes.ts';

/** Files of more lines than this are named by their content: a line diff would cost more than it is worth. */
const MAX_LINES = 20_000;
/** Shorter words of a site's own are not told from words that any line may have. */
const MIN_WORD = 4;
/** What stands for text that is the site's own. */
const OWN = '\u0000';

/**
 * Names an edit of a site's tree by what it changes, so that the same edit has the same name at every site: the
 * changed paths; in files of data the changed values, from what to what; in texts the changed words of each line,
 * and of the words beside them those that are not the site's own.
 */
export function fleetKey(plan: Plan, site: string, desired: SiteTree, observed: SiteTree): string {
  const own = ownWords(plan, site);
  const paths = changedPaths(desired, observed);
  const secrets = new SecretGuard(plan, site, desired, observed);
  const parts = paths.map((path) => [
    path,
    // What may not be proposed at one site is another edit than what may be at another.
    secrets.refusal(path) !== undefined,
    fileChange(path, desired.get(path), observed.get(path), own),
  ]);
  return sha256(JSON.stringify(parts));
}

function fileChange(
  path: string,
  before: TreeFile | undefined,
  after: TreeFile | undefined,
  own: ReadonlySet<string>,
): unknown {
  if (!before || !after) return [contentOf(before), contentOf(after)];
  const mode = before.mode === after.mode ? '' : after.mode;
  const values = isDataFile(path) ? valueChanges(path, before, after) : [];
  if (values.length > 0) return [mode, values];
  const [was, is] = [before, after].map(({ content }) => content.toString('latin1').split('\n'));
  if (!was || !is || was.length + is.length > MAX_LINES || after.content.includes(0))
    return [contentOf(before), contentOf(after)];
  return [mode, lineChanges(was, is, own)];
}

function contentOf(file: TreeFile | undefined): string {
  return file ? `${file.mode} ${sha256(file.content)}` : '';
}

function valueChanges(path: string, before: TreeFile, after: TreeFile): unknown[] {
  const [was, is] = [before, after].map((file) => readYaml(path, file));
  return was && is ? yamlChanges(was, is).map(told) : [];
}

function told(change: YamlChange): unknown {
  const { kind, path } = change;
  if (kind === 'list')
    return [kind, path, change.steps.map((step) => [step.kind, step.index, tokens(step.item)])];
  const before = change.before && tokens(change.before);
  return kind === 'set' ? [kind, path, before, tokens(change.after)] : [kind, path, before];
}

/** A value as it is written: what is quoted otherwise renders otherwise. */
function tokens(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.token;
  if (node.kind === 'sequence') return node.items.map(tokens);
  return { map: [...node.entries.values()].map((entry) => [entry.keyToken, tokens(entry.value)]) };
}

/** Each stretch of lines that came, went or changed, one item for each changed line. */
function lineChanges(
  was: readonly string[],
  is: readonly string[],
  own: ReadonlySet<string>,
): unknown[] {
  const changes: unknown[] = [];
  const runs = diffArrays([...was], [...is]);
  for (const [index, run] of runs.entries()) {
    if (!run.added && !run.removed) continue;
    const [before, next] = [runs[index - 1], runs[index + 1]];
    if (run.removed && next?.added && next.value.length === run.value.length) {
      changes.push(run.value.map((line, at) => wordChange(line, next.value[at]!, own)));
    } else if (!(run.added && before?.removed && before.value.length === run.value.length)) {
      const lines = run.value.map((line) => masked(wordsOf(line), own));
      changes.push([run.added ? '+' : '-', lines]);
    }
  }
  return changes;
}

/** The words of a line that changed, and those around them. */
function wordChange(before: string, after: string, own: ReadonlySet<string>): unknown {
  const [was, is] = [wordsOf(before), wordsOf(after)];
  const most = Math.min(was.length, is.length);
  let start = 0;
  while (start < most && was[start] === is[start]) start += 1;
  let end = 0;
  while (end < most - start && was.at(-1 - end) === is.at(-1 - end)) end += 1;
  return [
    masked(was.slice(0, start), own),
    was.slice(start, was.length - end).join(''),
    is.slice(start, is.length - end).join(''),
    masked(was.slice(was.length - end), own),
  ];
}

/** Words, and what stands between them: joined they are the line again. */
function wordsOf(line: string): string[] {
  return line.split(/([^\w.:/-]+)/);
}

function masked(words: readonly string[], own: ReadonlySet<string>): string {
  return words.map((word) => (own.has(word) ? OWN : word)).join('');
}

/** Words that a line of a text has because of the site that it was rendered for. */
function ownWords(plan: Plan, site: string): Set<string> {
  const { name, labels, hosts, params } = plan.sites.get(site)!;
  const words = new Set([name, ...hosts.keys()]);
  const found: string[] = Object.values(labels);
  for (const variables of hosts.values()) collect(variables, found);
  collect(params, found);
  for (const text of found) {
    for (const word of wordsOf(text)) {
      // A bare number is as likely to be everybody's.
      if (word.length >= MIN_WORD && !/^\d+$/.test(word)) words.add(word);
    }
  }
  return words;
}

function collect(node: YamlNode, into: string[]): void {
  if (node.kind === 'map') for (const { value } of node.entries.values()) collect(value, into);
  else if (node.kind === 'sequence') for (const item of node.items) collect(item, into);
  else if (typeof node.value === 'string') into.push(node.value);
}
