import { pino, stdTimeFunctions, type Logger } from 'pino';

import { Redactor } from '../model/redact.ts';
import { prettyLine } from './pretty.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** `auto`: for people where standard error is a terminal, JSON elsewhere. */
  format: 'auto' | 'json' | 'pretty';
  /** The secrets known now; asked for at every line, so the same array should come back while nothing changes. */
  secrets?: () => readonly string[];
  /** Where finished lines go; standard error unless told otherwise. */
  write?: (line: string) => void;
}

/**
 * Makes a logger. Every line has `time` (ISO 8601), `level` and `message`, and passes the redactor last, when
 * nothing can be added to it any more.
 */
export function createLogger(options: LoggerOptions): Logger {
  const {
    level,
    format,
    secrets = () => [],
    write = (line) => void process.stderr.write(line),
  } = options;
  const redact = lineRedactor(secrets);
  const pretty = format === 'pretty' || (format === 'auto' && process.stderr.isTTY);
  const color = process.stderr.isTTY && !process.env['NO_COLOR'];
  return pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line) => {
        const clean = redact(line);
        write(pretty ? prettyLine(clean, color) : clean);
      },
    },
  );
}

function lineRedactor(secrets: () => readonly string[]): (line: string) => string {
  let known: readonly string[] = [];
  let redactor = new Redactor(known);
  return (line) => {
    const now = secrets();
    if (now !== known && !sameTexts(now, known)) redactor = new Redactor(now);
    known = now;
    const clean = redactor.redact(line);
    // A secret that looks like the marks of JSON takes them with it: keep the line one document.
    return clean === line || isJson(clean) ? clean : `${JSON.stringify({ message: clean })}\n`;
  };
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
