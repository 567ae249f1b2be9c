import { styleText } from 'node:util';

/** Exit codes of every command. */
export const EXIT = { ok: 0, error: 1, differs: 2, usage: 64 } as const;

type Style = Parameters<typeof styleText>[0];

/** What a command tells: text for people, or with `--json` one JSON document and nothing else on stdout. */
export class Output {
  readonly json: boolean;

  constructor(json: boolean) {
    this.json = json;
  }

  /** A line for people; not told with `--json`. */
  line(text = ''): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** The one document of `--json`; not told otherwise. */
  document(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** A word on what is going on, for whoever watches. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}

/** Text in a style where standard output is a terminal that wants it (`NO_COLOR` is heeded). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** A unified diff with its lines coloured. */
export function styledDiff(diff: string): string {
  return diff
    .split('\n')
    .map((line) => {
      if (line.startsWith('+++') || line.startsWith('---')) return styled('bold', line);
      if (line.startsWith('@@')) return styled('cyan', line);
      if (line.startsWith('+')) return styled('green', line);
      if (line.startsWith('-')) return styled('red', line);
      return line;
    })
    .join('\n');
}

/** Rows in columns as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '),
    )
    .join('\n');
}

/** `3 sites`, `1 site` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
