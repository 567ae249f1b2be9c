import { DatabaseSync } from 'node:sqlite';

import { messageOf } from '../model/errors.ts';

/**
 * Takes a folder for this process alone, by a lock of the operating system on a small database file: it ends with the
 * process, however that ends.
 * @returns what gives it free again; undefined while another process has it
 */
export function takeLock(file: string): (() => void) | undefined {
  const lock = new DatabaseSync(file);
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!/locked|busy/i.test(messageOf(error))) throw error;
    return undefined;
  }
  return () => lock.close();
}
