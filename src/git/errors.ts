// Control characters are what this pattern is for: stderr may hold what a remote chose to say.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const USER_INFO = /(?<=:\/\/)[^\s/@'"]*@/g;
const AUTHORIZATION = /(authorization:\s*)[^\r\n'"]*/gi;
const LONGEST = 2000;

/** A call of git that failed. Its texts are bounded and hold no credentials. */
export class GitError extends Error {
  override name = 'GitError';
  /** First argument of the call: `fetch`. */
  readonly operation: string;
  /** Null where it did not end by itself. */
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(operation: string, exitCode: number | null, stderr: string, reason?: string) {
    const how = reason ?? (exitCode === null ? 'was ended' : `failed with exit code ${exitCode}`);
    const what = stderr.trim().replaceAll(/\s*\n\s*/g, '; ');
    super(`git ${operation} ${how}${what ? `: ${what}` : ''}`);
    this.operation = operation;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** A ref or branch that was not where the caller expected it; nothing was moved. */
export class RefMoved extends Error {
  override name = 'RefMoved';
  readonly ref: string;
  /** Commits; null: expected not to be there, or not there. */
  readonly expected: string | null;
  readonly actual: string | null;

  constructor(ref: string, expected: string | null, actual: string | null) {
    super(`${ref} has moved: it is at ${actual ?? 'nothing'}, expected ${expected ?? 'nothing'}`);
    this.ref = ref;
    this.expected = expected;
    this.actual = actual;
  }
}

/** Text of git's that may be shown: without user info in URLs, credentials, terminal codes, and without end. */
export function presentable(text: string, secrets: readonly string[] = []): string {
  let out = text;
  for (const secret of secrets) if (secret !== '') out = out.replaceAll(secret, '***');
  out = out.replaceAll(USER_INFO, '').replaceAll(AUTHORIZATION, '$1***').replaceAll(CONTROL, '');
  return out.length > LONGEST ? `…${out.slice(-LONGEST)}` : out;
}
