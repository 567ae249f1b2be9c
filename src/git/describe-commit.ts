import { isUtf8 } from 'node:buffer';

import { type LogEntry, readLog } from './log.ts';
import type { Repository } from './repository.ts';

/** Who made a commit, when, and what it is about. */
export type CommitDescription = Pick<LogEntry, 'subject' | 'author' | 'time'>;

/** Bytes of a commit that is read here. */
const LARGEST = 1024 * 1024;
const PERSON = /^([^<>\s](?:[^<>]*[^<>\s])?) <[^<>]*> (\d{1,11}) [+-]\d{4}$/;

/**
 * Describes a commit as `git log` does, without starting git for it where it is a plain one.
 * @param commit full id
 * @throws GitError if it is not there
 */
export async function describeCommit(
  repository: Repository,
  commit: string,
): Promise<CommitDescription> {
  const info = await repository.objects.info(commit);
  if (info?.type === 'commit' && info.size <= LARGEST) {
    const plain = describePlain(await repository.objects.content(commit));
    if (plain) return plain;
  }
  const [entry] = await readLog(repository, undefined, commit, 1);
  return { subject: entry?.subject ?? '', author: entry?.author ?? '', time: entry?.time ?? 0 };
}

/** Undefined where git would do more than to read what stands there. */
function describePlain(content: Buffer): CommitDescription | undefined {
  if (!isUtf8(content) || content.includes(0)) return undefined;
  const text = content.toString();
  const end = text.indexOf('\n\n');
  const header = (end === -1 ? text : text.slice(0, end)).split('\n');
  if (header.some((line) => line.startsWith('encoding '))) return undefined;
  const person = (role: string): RegExpExecArray | null =>
    PERSON.exec(header.find((line) => line.startsWith(`${role} `))?.slice(role.length + 1) ?? '');
  const [author, committer] = [person('author'), person('committer')];
  if (!author || !committer) return undefined;
  return {
    subject: end === -1 ? '' : subjectOf(text.slice(end + 2)),
    author: author[1]!,
    time: Number(committer[2]) * 1000,
  };
}

/** The lines up to the first blank one, without white space at their ends, as one. */
function subjectOf(message: string): string {
  const lines = message.split('\n').map((line) => line.replace(/[ \t\r]+$/, ''));
  const start = lines.findIndex((line) => line !== '');
  if (start === -1) return '';
  const end = lines.indexOf('', start);
  return lines.slice(start, end === -1 ? undefined : end).join(' ');
}
