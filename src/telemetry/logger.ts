import type { Logger } from 'pino';

export type { Logger } from 'pino';

export interface LoggerOptions {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  format: 'auto' | 'json' | 'pretty';
  /** The secrets known now: asked for at every line. */
  secrets?: () => readonly string[];
  /** Where lines go; standard error unless told otherwise. */
  write?: (line: string) => void;
}

export declare function createLogger(options: LoggerOptions): Logger;
