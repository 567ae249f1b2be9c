import type { Handled } from '../loop/keyed-loop.ts';

/** Looks again up to a tenth sooner or later, so that what began together does not stay together. */
export async function spread(
  handled: Promise<Handled>,
  random: () => number = Math.random,
): Promise<Handled> {
  const result = await handled;
  if (!result?.again) return result;
  return { ...result, again: Math.round(result.again * (0.9 + random() * 0.2)) };
}
