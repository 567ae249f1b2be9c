import type { For } from '../../render/template/ast.ts';
import type { LoopPiece } from '../../render/template/trace.ts';
import { type Datum, Tuple } from '../../render/template/values.ts';

type Iteration = LoopPiece['iterations'][number];

/** A turn of a loop that something was rendered in. */
export interface Turn {
  loop: LoopPiece;
  iteration: Iteration;
}

/** What tells a turn of loops from all others: an expression of the template, and its value in that turn. */
export interface ElementKey {
  expression: string;
  value: string;
}

/** Fields that elements are told apart by, where they have them; else any that does. */
const NAMING = ['name', 'id', 'key', 'host', 'hostname', 'address', 'path', 'label'];

/**
 * What tells the turn of nested loops apart, outermost first; undefined where nothing does. None for no loop.
 */
export function keyOf(turns: readonly Turn[]): ElementKey | undefined {
  const keys = turns.map(({ loop, iteration }) => elementKey(loop, iteration));
  const known = keys.filter((key) => key !== undefined);
  if (known.length === 0 || known.length < keys.length) return undefined;
  const [only] = known;
  if (known.length === 1) return only;
  return {
    expression: known.map(({ expression }) => expression).join(" ~ ' ' ~ "),
    value: known.map(({ value }) => value).join(' '),
  };
}

function elementKey({ node, elements }: LoopPiece, { element }: Iteration): ElementKey | undefined {
  const parts = partsOf(node.target);
  for (const { name, at } of parts) {
    const own = part(element, at);
    const all = elements.map((one) => part(one, at));
    const key = scalarKey(name, own);
    if (key && isAlone(all, own)) return key;
    if (!(own instanceof Map)) continue;
    const fields = [...new Set([...NAMING, ...own.keys()])].filter(
      (field) => /^[A-Za-z_]\w*$/.test(field) && own.has(field),
    );
    for (const field of fields) {
      const value = own.get(field)!;
      const fieldKey = scalarKey(`${name}.${field}`, value);
      const values = all.map((one) => (one instanceof Map ? one.get(field) : undefined));
      if (fieldKey && isAlone(values, value)) return fieldKey;
    }
  }
  return undefined;
}

/** The names that a loop gives its element or the parts of it. */
function partsOf(target: For['target']): { name: string; at: number | undefined }[] {
  if (target.kind === 'name') return [{ name: target.name, at: undefined }];
  return target.items.flatMap((item, at) =>
    item.kind === 'name' ? [{ name: item.name, at }] : [],
  );
}

function part(element: Datum | undefined, at: number | undefined): Datum | undefined {
  if (at === undefined) return element;
  return element instanceof Tuple ? element.items[at] : undefined;
}

function scalarKey(expression: string, value: Datum | undefined): ElementKey | undefined {
  if (typeof value === 'string') return { expression, value };
  if (typeof value !== 'number') return undefined;
  return { expression: `${expression} | string`, value: String(value) };
}

function isAlone(values: readonly (Datum | undefined)[], value: Datum | undefined): boolean {
  return values.filter((other) => other === value).length === 1;
}
