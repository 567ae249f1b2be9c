import { type YamlChange, yamlChanges } from '../../backport/yaml-changes.ts';
import { UserError } from '../../model/errors.ts';
import { applyEdits, type YamlOperation } from '../../plan/yaml/edit.ts';
import type { YamlDocument, YamlPath } from '../../plan/yaml/node.ts';
import { parseYaml } from '../../plan/yaml/parse.ts';
import { sameNode } from '../../plan/yaml/value.ts';

export interface YamlMerge {
  text: string;
  /** Both sides changed the same keys in ways that do not go together; there the text is ours. */
  conflict: boolean;
}

/** Whether a file is merged by key. */
export function isYaml(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

/**
 * Merges two changes of a YAML mapping by key: what each side did to other keys goes together, on whichever lines it
 * stands. The changes of one side are made in the text of the other, which keeps its comments and formatting.
 * @returns undefined where a text is no mapping, or where neither side's text differs in its values alone, so that
 *   comments or formatting would be lost
 */
export function mergeYaml(
  path: string,
  base: string,
  ours: string,
  theirs: string,
): YamlMerge | undefined {
  const [was, our, their] = [base, ours, theirs].map((text) => parseYaml(path, text).document);
  if (!was || !our || !their) return undefined;
  const mine = yamlChanges(was.root, our.root);
  const others = yamlChanges(was.root, their.root);
  const isShared = (one: YamlChange) => mine.some((other) => sameChange(one, other));
  const fresh = others.filter((one) => !isShared(one));
  const own = mine.filter((one) => !others.some((other) => sameChange(one, other)));
  const apart = fresh.filter((one) => !own.some((other) => meet(one.path, other.path)));
  const conflict = apart.length < fresh.length;
  if (tells(was, others, their)) {
    const text = made(our, apart);
    return text === undefined ? undefined : { text, conflict };
  }
  if (conflict || !tells(was, mine, our)) return undefined;
  const text = made(their, own);
  return text === undefined ? undefined : { text, conflict };
}

/** Whether these changes of values are all that one text has otherwise than the other. */
function tells(was: YamlDocument, changes: readonly YamlChange[], now: YamlDocument): boolean {
  return made(was, changes) === now.text;
}

/** The text with the changes made; undefined where one of them cannot be made there. */
function made(document: YamlDocument, changes: readonly YamlChange[]): string | undefined {
  try {
    return applyEdits(document, changes.map(operationOf)).text;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function operationOf(change: YamlChange): YamlOperation {
  const { path } = change;
  if (change.kind === 'delete') return { op: 'delete', path };
  const { after: value } = change;
  if (change.kind === 'list') return { op: 'set', path, value, verbatim: true };
  const { keyToken, behind } = change;
  return {
    op: 'set',
    path,
    value,
    verbatim: true,
    ...(keyToken !== undefined && { keyToken }),
    ...(behind !== undefined && { after: behind }),
  };
}

function sameChange(a: YamlChange, b: YamlChange): boolean {
  if (a.path.length !== b.path.length || !meet(a.path, b.path)) return false;
  if (a.kind === 'delete' || b.kind === 'delete') return a.kind === b.kind;
  return sameNode(a.after, b.after);
}

/** Whether one path leads to the other, or to what it leads to. */
function meet(a: YamlPath, b: YamlPath): boolean {
  const length = Math.min(a.length, b.length);
  return a.slice(0, length).every((step, index) => step === b[index]);
}
