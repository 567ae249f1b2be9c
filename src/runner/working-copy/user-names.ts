import { readFileSync } from 'node:fs';

/** Looks up user names by id, so that a recorded edit can say who owns the edited file. */
export function createUserNames(passwd = '/etc/passwd'): (uid: number) => string {
  const names = new Map<number, string>();
  try {
    for (const line of readFileSync(passwd, 'utf8').split('\n')) {
      const [name, , uid] = line.split(':');
      if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name);
    }
  } catch {
    // A system without the file still has ids.
  }
  return (uid) => names.get(uid) ?? `uid-${uid}`;
}
