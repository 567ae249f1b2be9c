import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

import type { Redactor } from '../model/redact.ts';

const TAIL_LINES = 10;
const LONGEST_LINE = 65_536;

/** A text file that stops growing at a limit; every line passes the redactor first. */
export class BoundedLog {
  readonly #stream: WriteStream;
  readonly #redactor: Redactor;
  readonly #partial = new Map<string, string>();
  #left: number;
  #tail: string[] = [];

  /** @param limit Bytes; what comes after is dropped, with a line that says so. */
  constructor(path: string, limit: number, redactor: Redactor) {
    this.#stream = createWriteStream(path, { mode: 0o600 });
    // A full disk must not end the run: the report tells what counts.
    this.#stream.on('error', () => (this.#left = 0));
    this.#left = limit;
    this.#redactor = redactor;
  }

  /** Takes a piece of a source's output, whole lines or not; sources don't mix within a line. */
  write(source: string, text: string): void {
    const lines = ((this.#partial.get(source) ?? '') + text).split('\n');
    let rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) {
      lines.push(rest);
      rest = '';
    }
    this.#partial.set(source, rest);
    for (const line of lines) {
      this.line(line);
      if (line.trim() !== '') this.#tail = [...this.#tail, line].slice(-TAIL_LINES);
    }
  }

  /** A line of our own. */
  line(line: string): void {
    const text = this.#redactor.redact(line);
    if (this.#left <= 0) return;
    const bytes = Buffer.from(`${text}\n`);
    this.#left -= bytes.length;
    this.#stream.write(this.#left > 0 ? bytes : '… the rest is left out\n');
  }

  /** The sources' last lines, for a reason that people will read. */
  tail(): string {
    return this.#redactor.redact(this.#tail.join('\n'));
  }

  /** Writes what is unfinished and closes the file. */
  async close(): Promise<void> {
    for (const rest of this.#partial.values()) if (rest !== '') this.line(rest);
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
  }
}
