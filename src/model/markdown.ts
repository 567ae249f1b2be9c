/** Markdown as forges show it, with what comes from plans and sites as text and never as markup. */

/**
 * A fence that the text cannot end.
 * @param most how much of a longer text is shown (characters)
 */
export function fence(language: string, text: string, most: number = Infinity): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  const left = text.length - most;
  const shown = left > 0 ? `${text.slice(0, most)}\n… ${left} characters more\n` : text;
  return `${ticks}${language}\n${shown === '' || shown.endsWith('\n') ? shown : `${shown}\n`}${ticks}`;
}

/** Text as inline code, whatever it holds: nothing in it is markup, a mention or a link. */
export function code(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  const longest = Math.max(0, ...(flat.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = flat.startsWith('`') || flat.endsWith('`') || flat.trim() === '' ? ' ' : '';
  return `${ticks}${pad}${flat}${pad}${ticks}`;
}

/**
 * Text for titles and commit messages, where there is no code: what forges would take for a mention of people or for
 * an issue to close is parted by a character that takes no room (U+2060).
 */
export function unlinked(text: string): string {
  return text.replaceAll(/@(?=\w)|#(?=\d)|\bGH-(?=\d)|\bhttps?:(?=\/\/)/gi, '$&\u2060');
}

/** Names as code, and how many more there are. */
export function codes(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map(code).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/**
 * Markdown as a cell of a table, which a bar ends, in code as well. Whether a backslash before an escaped bar escapes
 * the escape is read in two ways, so that a bar behind one becomes another bar.
 */
export function cell(text: string): string {
  return text.replaceAll(/(\\*)\|/g, (_, before: string) => (before === '' ? '\\|' : `${before}¦`));
}

/** A section with its heading. */
export function section(title: string, text: string): string {
  return `### ${title}\n\n${text}`;
}

/** Text that is shown when somebody asks for it. The title must be ours. */
export function folded(title: string, text: string): string {
  return `<details>\n<summary>${title}</summary>\n\n${text}\n\n</details>`;
}

/** `1 site`, `3 sites` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
