import type { Repository } from '../git/repository.ts';
import { openBundle } from './intake.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import type { BundleLimits } from './limits.ts';
import { createReturnBundle, RETURN_KIND } from './returned.ts';
import type { CreatedPart, ReturnBundleOptions } from './types.ts';
import { reachable } from './write-bundle.ts';

type Tips = Pick<ReturnBundleOptions, 'observed' | 'applied' | 'results'>;

/**
 * Writes as `createReturnBundle` does, but no more at once than these limits allow: all edits with as many reports as
 * there is room for, the oldest first; where the edits alone are too much, the oldest of those. What is left out
 * follows with the next part, which builds on this one. A part holds one commit at the least, whatever that weighs.
 */
export async function createReturnPart(
  options: ReturnBundleOptions,
  limits: BundleLimits,
): Promise<CreatedPart> {
  const { observed, applied, results } = options;
  const all = await written(options, { observed, applied, results }, limits);
  if (all) return all;
  const parts = await smallerParts(options);
  const least = parts.pop() ?? { observed, applied, results };
  for (const part of parts) {
    const made = await written(options, part, limits);
    if (made) return made;
  }
  return write(options, least);
}

/** Undefined: it is too much. */
async function written(
  options: ReturnBundleOptions,
  part: Tips,
  limits: BundleLimits,
): Promise<CreatedPart | undefined> {
  // What is too much at a look need not be packed first.
  if (!(await mayFit(options, part, limits))) return undefined;
  const made = await write(options, part);
  return made.upToDate || (await fits(options.to, limits)) ? made : undefined;
}

async function write(options: ReturnBundleOptions, part: Tips): Promise<CreatedPart> {
  const made = await createReturnBundle({ ...options, ...part });
  const names = ['observed', 'applied', 'results'] as const;
  const more = names.some((name) => part[name] !== options[name]);
  return made.upToDate ? made : { ...made, tips: part, more };
}

/** Parts of what is new, from much down to the least that can be brought. */
async function smallerParts({
  repository,
  observed,
  applied,
  results,
  have,
}: ReturnBundleOptions): Promise<Tips[]> {
  const edits = await newOnLine(repository, observed, have);
  const reports = await newOnLine(repository, results, have);
  const parts: Tips[] = [];
  for (const at of halves(reports.length)) parts.push({ observed, applied, results: reports[at]! });
  if (edits.length === 0) return parts;
  if (reports.length > 0) parts.push({ observed, applied, results: null });
  // A part of the edits is what the site would have told then.
  for (const at of halves(edits.length))
    parts.push({ observed: edits[at]!, applied: null, results: null });
  return parts;
}

/** Places in a list of so many at which a half of it ends, a quarter, …, the first alone. */
function halves(length: number): number[] {
  const places: number[] = [];
  for (let count = length >> 1; count > 0; count >>= 1) places.push(count - 1);
  return places;
}

/** Commits of the line that leads to a tip, which the other end lacks, oldest first. */
async function newOnLine(
  repository: Repository,
  tip: string | null,
  have: readonly string[],
): Promise<string[]> {
  if (tip === null) return [];
  return revList(repository, ['--first-parent', '--reverse'], [tip], have);
}

async function mayFit(
  { repository, have }: ReturnBundleOptions,
  { observed, applied, results }: Tips,
  limits: BundleLimits,
): Promise<boolean> {
  const tips = [observed, applied, results].filter((tip) => tip !== null);
  const ids = await revList(repository, ['--objects', '--no-object-names'], tips, have);
  if (ids.length > limits.objects) return false;
  const infos = await Promise.all(ids.map((id) => repository.objects.info(id)));
  const commits = infos.filter((info) => info?.type === 'commit').length;
  const bytes = infos.reduce((sum, info) => sum + (info?.size ?? 0), 0);
  return commits <= limits.commits && bytes <= limits.unpacked;
}

async function revList(
  repository: Repository,
  args: readonly string[],
  tips: readonly string[],
  have: readonly string[],
): Promise<string[]> {
  const without = await reachable(repository, tips, have);
  const { stdout } = await repository.run(['rev-list', ...args, '--stdin'], {
    input: `${[...tips, ...without.map((one) => `^${one}`)].join('\n')}\n`,
  });
  return stdout.toString().split('\n').filter(Boolean);
}

/** Looked at as it will be where it is taken in. */
async function fits(file: string, limits: BundleLimits): Promise<boolean> {
  try {
    await openBundle(file, RETURN_KIND, limits);
    return true;
  } catch (error) {
    if (error instanceof InvalidBundle && error.reason === 'too-large') return false;
    throw error;
  }
}
