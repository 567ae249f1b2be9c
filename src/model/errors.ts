import { formatProblem, type Problem } from './problem.ts';

/** An error that a person can act on: one sentence saying what, where and what to do. Shown without a stack. */
export class UserError extends Error {
  override name = 'UserError';
}

/** Input that cannot be used; carries every fault found, not only the first. */
export class InvalidInput extends UserError {
  override name = 'InvalidInput';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** A fault that retrying cannot mend (rejected credentials, an invalid plan): wait until the input changes. */
export class Stalled extends UserError {
  override name = 'Stalled';
}

/** Milliseconds for which whoever failed us asked to be left alone (`retryAfter` of the error); 0 if it did not. */
export function retryAfterOf(error: unknown): number {
  if (!(error instanceof Error) || !('retryAfter' in error)) return 0;
  return typeof error.retryAfter === 'number' ? error.retryAfter : 0;
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of a system error (`ENOENT`), if it is one. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
