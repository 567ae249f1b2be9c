/**
 * What PyYAML's own scanner, libyaml (behind Ansible where it is built in) and the `yaml` package do not all read
 * alike. It is refused, so that a file means one thing.
 */
export interface Dispute {
  /** Where in the token it stands. */
  offset: number;
  message: string;
  hint?: string;
}

/**
 * Looks at a scalar's token that stands on its own. `followedBy`: the two characters after it, where it stands
 * within `[…]` or `{…}`.
 */
export function scalarDispute(
  token: string,
  style: 'plain' | 'single' | 'double',
  followedBy?: string,
): Dispute | undefined {
  if (style === 'plain')
    return followedBy === undefined ? undefined : flowDispute(token, followedBy);
  const inner = token.slice(1, -1);
  const closed =
    style === 'single' ? !inner.replaceAll("''", '').includes("'") : CLOSED_DOUBLE.test(inner);
  if (!closed) return { offset: 0, message: 'the closing quote is missing' };
  const half = style === 'double' ? HALF_CHARACTER.exec(token) : null;
  return (
    (half && {
      offset: half.index,
      message: 'half a character (\\ud800 to \\udfff) is no text',
      hint: 'use \\U and eight digits, or the character itself',
    }) ??
    undefined
  );
}

const CLOSED_DOUBLE = /^(?:[^"\\]|\\[^])*$/;
const HALF_CHARACTER = /(?<!\\)(?:\\\\)*\\(?:u|U0000)[dD][89a-fA-F]/;

function flowDispute(token: string, followedBy: string): Dispute | undefined {
  const after = /^:?[,?[\]{}]/.exec(followedBy)?.[0] ?? '';
  const mark = /^[?:]|:[,?[\]{}]/.exec(token + after);
  if (!mark) return undefined;
  return {
    offset: mark.index,
    message: `the "${mark[0].charAt(0)}" could be part of the value, or not`,
    hint: 'put the value in quotes, or a space after the colon',
  };
}

/** Where a tab stands before the first line of a block scalar whose indentation is not given. */
export function blockScalarTab(token: string): number | undefined {
  return /^[|>](?![-+]?[1-9])[^\n]*\n(?: *\n)* *(?=\t)/.exec(token)?.[0].length;
}
