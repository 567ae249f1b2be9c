import { assertObjectId } from './names.ts';
import type { Repository } from './repository.ts';

export interface LogEntry {
  commit: string;
  parents: string[];
  /** The author's name. */
  author: string;
  email: string;
  /** Of the commit; milliseconds since 1970. */
  time: number;
  subject: string;
  /** Whole message, with its subject. */
  message: string;
}

const FIELDS = ['%H', '%P', '%an', '%ae', '%ct', '%s', '%B'];

/**
 * Commits that can be reached from `to` and not from `from` (undefined: all), newest first.
 * @param limit how many at most
 * @param options.firstParents whether only the first parent of each commit is followed
 */
export async function readLog(
  repository: Repository,
  from: string | undefined,
  to: string,
  limit: number,
  options: { firstParents?: boolean } = {},
): Promise<LogEntry[]> {
  assertObjectId(to);
  if (from !== undefined) assertObjectId(from);
  const { stdout } = await repository.run([
    'log',
    '-z',
    `--format=${FIELDS.join('%x00')}`,
    `--max-count=${Math.trunc(limit)}`,
    ...(options.firstParents ? ['--first-parent'] : []),
    '--end-of-options',
    to,
    ...(from === undefined ? [] : [`^${from}`]),
    '--',
  ]);
  const fields = stdout.toString().split('\0');
  const entries: LogEntry[] = [];
  for (let at = 0; at + FIELDS.length <= fields.length; at += FIELDS.length) {
    const [commit = '', parents = '', author = '', email = '', time, subject = '', message = ''] =
      fields.slice(at, at + FIELDS.length);
    entries.push({
      commit,
      parents: parents === '' ? [] : parents.split(' '),
      author,
      email,
      time: Number(time) * 1000,
      subject,
      message,
    });
  }
  return entries;
}
