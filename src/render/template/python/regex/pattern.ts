/** A regular expression of Python's `re`, parsed. Characters are code points. */
export type Pattern =
  | { kind: 'character'; matches: (code: number) => boolean }
  | { kind: 'sequence'; items: Pattern[] }
  | { kind: 'choice'; options: Pattern[] }
  | { kind: 'group'; index: number; body: Pattern }
  | { kind: 'repeat'; body: Pattern; least: number; most: number; lazy: boolean }
  | { kind: 'start' | 'end' | 'line-start' | 'line-end' | 'very-end' }
  | { kind: 'boundary'; negated: boolean }
  | { kind: 'look'; behind: number | undefined; negated: boolean; body: Pattern }
  | { kind: 'reference'; index: number };

export interface Regex {
  body: Pattern;
  /** How many groups there are, and the numbers of the named ones. */
  groups: number;
  names: ReadonlyMap<string, number>;
  ignoreCase: boolean;
}

/** The least and most characters that a pattern can match. */
export function widthOf(pattern: Pattern): [number, number] {
  switch (pattern.kind) {
    case 'character':
      return [1, 1];
    case 'sequence': {
      const widths = pattern.items.map(widthOf);
      return [total(widths.map(([least]) => least)), total(widths.map(([, most]) => most))];
    }
    case 'choice': {
      const widths = pattern.options.map(widthOf);
      return [
        Math.min(...widths.map(([least]) => least)),
        Math.max(...widths.map(([, most]) => most)),
      ];
    }
    case 'group':
      return widthOf(pattern.body);
    case 'repeat': {
      const [least, most] = widthOf(pattern.body);
      return [least * pattern.least, most === 0 ? 0 : most * pattern.most];
    }
    case 'reference':
      return [0, Infinity];
    case 'start':
    case 'end':
    case 'line-start':
    case 'line-end':
    case 'very-end':
    case 'boundary':
    case 'look':
  }
  return [0, 0];
}

function total(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
