import * as fc from 'fast-check';

import { InvalidInput } from '../../src/model/errors.ts';
import type { SiteTree, TreeFile } from '../../src/model/tree.ts';
import { loadPlan } from '../../src/plan/load.ts';
import { renderSite } from '../../src/render/render.ts';
import { planFiles } from './plan-files.ts';
import { PLANTED, type RandomPlan, token } from './random-plans.ts';

/** What may be done to a line of text, by how often it is. */
const LINE_EDITS = {
  value: 8,
  word: 8,
  item: 3,
  gone: 3,
  delete: 1,
  repeat: 2,
  insert: 1,
  comment: 1,
  noise: 1,
  append: 2,
} as const;
/** What may become of a whole file. */
const FILE_EDITS = ['remove', 'mode', 'binary', 'crlf', 'new', 'empty'] as const;
/** Which files a line is edited in: some kinds of files are more worth it than others. */
const KINDS = { params: 4, hosts: 1, template: 4, any: 1 } as const;

interface LineEdit {
  how: keyof typeof LINE_EDITS;
  on: keyof typeof KINDS;
  file: number;
  line: number;
  text: string;
}

/** One edit of a site's tree; numbers count round what there is. */
export type RandomEdit =
  | LineEdit
  | { how: (typeof FILE_EDITS)[number]; file: number; text: string };

/** A value that somebody types over a secret at a site. */
export const TYPED = 'typed-in-at-the-site';

function weighted<Key extends string>(weights: Readonly<Record<Key, number>>): fc.Arbitrary<Key> {
  const options = Object.entries<number>(weights).map(([key, weight]) => ({
    weight,
    arbitrary: fc.constant(key),
  }));
  // The keys of an object are strings to the compiler, whatever its type says of them.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return fc.oneof(...options) as fc.Arbitrary<Key>;
}

const word = fc.constantFrom('other', '42', '10.0.0.77', 'two words', '{{ x }}', '{% if', '#', 'é');

const lineEdit: fc.Arbitrary<LineEdit> = fc.record({
  how: weighted(LINE_EDITS),
  on: weighted(KINDS),
  file: fc.nat(20),
  line: fc.nat(60),
  text: fc.oneof({ weight: 6, arbitrary: token }, { weight: 3, arbitrary: word }, fc.string()),
});

const fileEdit: fc.Arbitrary<RandomEdit> = fc.record({
  how: fc.constantFrom(...FILE_EDITS),
  file: fc.nat(20),
  text: fc.string(),
});

/** Edits of values, of lines, of whole files, and noise; of several files at once. */
export const randomEdits: fc.Arbitrary<RandomEdit[]> = fc.array(
  fc.oneof({ weight: 20, arbitrary: lineEdit }, { weight: 1, arbitrary: fileEdit }),
  { minLength: 1, maxLength: 4 },
);

/** Edits that also write secrets, known ones and new ones, where they do not belong. */
export const tellingEdits: fc.Arbitrary<RandomEdit[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: lineEdit },
    {
      weight: 3,
      arbitrary: fc
        .tuple(lineEdit, fc.constantFrom(...telling()))
        .map(([edit, text]) => ({ ...edit, text })),
    },
  ),
  { minLength: 1, maxLength: 4 },
);

function telling(): string[] {
  const { clear } = PLANTED;
  return [clear, TYPED, `"${clear}"`, `x ${clear} y`, Buffer.from(clear).toString('base64')];
}

/** Changed values of the plan that made a site drift, as if it had been rendered from another plan. */
export const hiddenEdits: fc.Arbitrary<LineEdit[]> = fc.array(
  lineEdit.map((edit) => ({ ...edit, how: 'value' as const })),
  { minLength: 1, maxLength: 3 },
);

/** The files of a plan with edits made to its layers and one site's own file. */
export function editPlan(
  { files }: RandomPlan,
  site: string,
  edits: readonly LineEdit[],
): Map<string, string> {
  const after = new Map(Object.entries(files));
  const paths = [...after.keys()].filter(
    (path) => path.startsWith('layers/') || path === `sites/${site}.yaml`,
  );
  for (const edit of edits) {
    const path = paths[edit.file % paths.length]!;
    const text = after.get(path)!;
    // Neither the site's labels and hosts, nor what is secret: those are other laws' matter.
    const head = path.startsWith('sites/') ? text.indexOf('groups:') : 0;
    after.set(path, text.slice(0, head) + withLine(text.slice(head), edit));
  }
  return after;
}

/** The site as it would be with edits made to the plan; undefined if it could not be. */
export function hiddenTree(
  source: RandomPlan,
  site: string,
  edits: readonly LineEdit[],
): SiteTree | undefined {
  const { plan } = loadPlan(planFiles(editPlan(source, site, edits)));
  try {
    return plan && renderSite(plan, site).tree;
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

/** A tree with edits made one after another; an edit that finds nothing to change changes nothing. */
export function editTree(desired: SiteTree, edits: readonly RandomEdit[]): SiteTree {
  const tree = new Map(desired);
  for (const edit of edits) {
    const paths = [...tree.keys()];
    if ('on' in edit) {
      const fitting = paths.filter((path) => edit.on === 'any' || kindOf(path) === edit.on);
      const path = fitting[edit.file % fitting.length];
      if (path === undefined) continue;
      const { mode, content } = tree.get(path)!;
      tree.set(path, { mode, content: Buffer.from(withLine(content.toString(), edit)) });
    } else editFile(tree, paths[edit.file % paths.length]!, edit);
  }
  return tree;
}

function kindOf(path: string): keyof typeof KINDS {
  if (path === 'group_vars/all.yml') return 'params';
  if (/^(?:group_vars|host_vars)\/|^inventory\.yml$/.test(path)) return 'hosts';
  return path.endsWith('.conf') ? 'template' : 'any';
}

/** `key: ` or `- `, and what follows it. */
const VALUE = /^((?:\s*- )?\s*\w+: |\s*- )([^\n:]+)$/;
const ITEM = /^\s*- /;

/** A text with one of the lines edited that the edit can be made to. */
function withLine(text: string, edit: LineEdit): string {
  const lines = text.split('\n');
  const fitting = [...lines.keys()].filter((at) => fits(lines[at]!, edit.how));
  const at = fitting[edit.line % fitting.length];
  if (at === undefined) return text;
  lines.splice(at, 1, ...editedLine(lines[at]!, edit));
  return lines.join('\n');
}

function fits(line: string, how: LineEdit['how']): boolean {
  if (/^(?:token|key): /.test(line) && how === 'value') return false;
  if (how === 'value') return VALUE.test(line);
  if (how === 'item' || how === 'gone') return ITEM.test(line);
  return how === 'insert' || line.trim() !== '';
}

function editedLine(line: string, { how, text, file }: LineEdit): string[] {
  switch (how) {
    case 'value':
      return [line.replace(VALUE, (_, before: string) => before + text)];
    case 'word': {
      const words = line.match(/\S+/g)!;
      return [line.replace(words[file % words.length]!, () => text)];
    }
    case 'item':
      return [line, `${ITEM.exec(line)![0]}${text}`];
    case 'gone':
    case 'delete':
      return [];
    case 'repeat':
      return [line, line.replace(/[^\s:-]+$/, () => text)];
    case 'insert':
      return [line, text];
    case 'comment':
      return [`${line} # ${text}`];
    case 'noise':
      return [line.slice(0, file) + text + line.slice(file + 2)];
    case 'append':
      return [line, `${/^\s*/.exec(line)![0]}new${file}: ${text}`];
  }
}

function editFile(
  tree: Map<string, TreeFile>,
  path: string,
  { how, text }: { how: (typeof FILE_EDITS)[number]; text: string },
): void {
  const { mode, content } = tree.get(path)!;
  switch (how) {
    case 'remove':
      tree.delete(path);
      break;
    case 'mode':
      tree.set(path, { mode: mode === '100644' ? '100755' : '100644', content });
      break;
    case 'binary':
      tree.set(path, { mode, content: Buffer.from([0, 255, 1, ...Buffer.from(text)]) });
      break;
    case 'crlf':
      tree.set(path, { mode, content: Buffer.from(content.toString().replaceAll('\n', '\r\n')) });
      break;
    case 'new':
      tree.set(`${path}.new`, { mode: '100644', content: Buffer.from(text) });
      break;
    case 'empty':
      tree.set(path, { mode, content: Buffer.alloc(0) });
  }
}
