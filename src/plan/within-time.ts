import { type Context, createContext, Script } from 'node:vm';

/** Milliseconds of CPU in which sound work of this kind ends many times over. */
const LIMIT = 500;
/** A machine that stands still for a while is no fault of the work: it is tried so often. */
const TRIES = 4;

const script = new Script('work()');
let sandbox: Context | undefined;

/**
 * Does work that other people's patterns may keep from ever ending, and ends it then. It may be ended anywhere and be
 * begun again, so it must leave nothing half done that anybody looks at.
 * @returns what the work returned, in a list of one; undefined where it was ended
 */
export function withinTime<Result>(
  work: () => Result,
  limit: number = LIMIT,
): [Result] | undefined {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const before = process.threadCpuUsage();
    try {
      return [ended(work, limit)];
    } catch (error) {
      if (!isTimeout(error)) throw error;
      const { user, system } = process.threadCpuUsage(before);
      if ((user + system) / 1000 >= limit / 2) return undefined;
    }
  }
  return undefined;
}

function ended<Result>(work: () => Result, limit: number): Result {
  const results: Result[] = [];
  const context = (sandbox ??= createContext());
  context['work'] = () => void results.push(work());
  try {
    // A time limit is the only thing that a context is made for here: what runs is ours.
    script.runInContext(context, { timeout: limit });
  } finally {
    context['work'] = undefined;
  }
  return results[0]!;
}

/** The error may be of the context, where `Error` is another. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
