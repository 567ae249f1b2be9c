import { UserError } from '../model/errors.ts';

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
// Control characters are what this pattern is for.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/;

/** Whether this is a full object id (SHA-1 or SHA-256, lower-case hex). */
export function isObjectId(id: string): boolean {
  return OBJECT_ID.test(id);
}

/** Object ids reach git as arguments and lines of its input: whatever else they might be is refused here. */
export function assertObjectId(id: string): void {
  if (!isObjectId(id)) throw new TypeError(`not a full object id: ${JSON.stringify(id)}`);
}

/**
 * Why a name can be no ref or branch, or undefined if it can: the rules of git-check-ref-format, and no part may
 * begin with `-`.
 * @see https://git-scm.com/docs/git-check-ref-format
 */
export function refNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > 512) return 'is longer than 512 characters';
  if (!name.isWellFormed()) return 'is not valid Unicode';
  if (name === '@') return 'is "@"';
  if (FORBIDDEN.test(name)) return 'contains a character or sequence that git does not allow';
  if (name.endsWith('.')) return 'ends with "."';
  for (const part of name.split('/')) {
    if (part === '') return 'has an empty part';
    if (part.startsWith('.')) return 'has a part that starts with "."';
    if (part.startsWith('-')) return 'has a part that starts with "-"';
    if (part.endsWith('.lock')) return 'has a part that ends with ".lock"';
  }
  return undefined;
}

/** Throws UserError if this is no branch name (short form: `main`, `trueup/lisbon-07/1f0c`). */
export function assertBranch(name: string): void {
  const fault =
    refNameFault(name) ?? (name.startsWith('refs/') ? 'starts with "refs/"' : undefined);
  if (fault) throw new UserError(`${JSON.stringify(name)} cannot be a branch: it ${fault}`);
}

/** Throws if this is no full ref name (`refs/sites/lisbon-07/desired`). */
export function assertRef(name: string): void {
  const fault = refNameFault(name) ?? (name.startsWith('refs/') ? undefined : 'is outside refs/');
  if (fault) throw new TypeError(`${JSON.stringify(name)} cannot be a ref: it ${fault}`);
}
