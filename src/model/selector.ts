import { UserError } from './errors.ts';
import { isName } from './tree.ts';

interface Requirement {
  label: string;
  value: string;
  equal: boolean;
}

/** A parsed label selector: all requirements must hold; none (`*`) matches every site. */
export interface Selector {
  readonly text: string;
  readonly requirements: readonly Requirement[];
}

const SHAPE = 'write * for every site, or label=value and label!=value joined by commas';

/**
 * Reads a label selector: `*`, or `a=b` and `c!=d` joined by commas. `c!=d` holds where the label is missing too.
 * @throws UserError saying which part cannot be read
 */
export function parseSelector(text: string): Selector {
  if (text.trim() === '*') return { text, requirements: [] };
  const requirements = text.split(',').map((part) => {
    const [, label = '', operator, value = ''] =
      /^\s*([^\s=!]+)\s*(!?=)\s*([^\s=!]+)\s*$/.exec(part) ?? [];
    if (!isName(label) || !isName(value)) {
      throw new UserError(
        `the selector ${quote(text)} has a part that cannot be read, ${quote(part)}: ${SHAPE}`,
      );
    }
    return { label, value, equal: operator === '=' };
  });
  return { text, requirements };
}

/**
 * Whether labels satisfy a selector.
 * @throws UserError if the selector is text that cannot be read
 */
export function matchesSelector(
  selector: string | Selector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const { requirements } = typeof selector === 'string' ? parseSelector(selector) : selector;
  return requirements.every(({ label, value, equal }) => {
    const found = Object.hasOwn(labels, label) ? labels[label] : undefined;
    return (found === value) === equal;
  });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
