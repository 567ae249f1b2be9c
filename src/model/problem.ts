/** A place in a text file. Lines and columns count from 1; columns count UTF-16 code units, as editors do. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

/** One fault in a user's input: what is wrong, where, and (where we know it) what to do. */
export interface Problem {
  message: string;
  position?: Position;
  /** What to do about it, e.g. `did you mean "layers"?` */
  hint?: string;
}

/** `file:line:column: message (hint)`, the one way a problem is shown to people. */
export function formatProblem(problem: Problem): string {
  const { position, message, hint } = problem;
  const where = position ? `${position.file}:${position.line}:${position.column}: ` : '';
  return `${where}${message}${hint ? ` (${hint})` : ''}`;
}

/** Orders problems by file, line and column, those without a position last. */
export function compareProblems(a: Problem, b: Problem): number {
  if (!a.position || !b.position) return Number(!a.position) - Number(!b.position);
  return (
    compareText(a.position.file, b.position.file) ||
    a.position.line - b.position.line ||
    a.position.column - b.position.column
  );
}

/** Compares by UTF-16 code unit: the same order on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
