import type { Context } from 'hono';

import { Stalled, UserError } from '../model/errors.ts';
import type { Env } from './env.ts';
import { HttpProblem } from './problem.ts';

/**
 * Carries out what the sender of a request decided, in the sender's name.
 * @throws HttpProblem 409 where it cannot be done now, 502 where the forge refuses us; other errors as they are
 */
export async function decide<T>(c: Context<Env>, act: (by: string) => Promise<T>): Promise<T> {
  const { identity } = c.var;
  if (identity === undefined) throw new Error('a decision reached its route without a token');
  try {
    return await act(identity.name);
  } catch (error) {
    if (error instanceof Stalled) throw new HttpProblem(502, { detail: error.message });
    if (error instanceof UserError) throw new HttpProblem(409, { detail: error.message });
    throw error;
  }
}
