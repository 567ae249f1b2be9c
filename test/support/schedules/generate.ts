import { seededRandom } from '../random.ts';

/** What happens in a schedule; `pick` and `more` choose among what there is when it happens. */
export interface Step {
  do: (typeof KINDS)[number][0];
  site: number;
  pick: number;
  more: number;
}

/** How often each happens. */
const KINDS = [
  ['plan', 4],
  ['edit', 6],
  ['scribble', 2],
  ['revert', 2],
  ['like the plan', 1],
  ['talk', 6],
  ['work', 1],
  ['lose the bundle', 1],
  ['lose the answer', 1.5],
  ['stick there', 2],
  ['bring there', 2],
  ['stick back', 2],
  ['bring back', 2],
  ['merge', 5],
  ['close', 4],
  ['solve', 3],
  ['kill agent', 2.5],
  ['kill centre', 2],
  ['restart', 0.7],
  ['clock', 1],
] as const;

const TOTAL = KINDS.reduce((sum, [, weight]) => sum + weight, 0);
const LEAST = 6;
const MOST = 18;

/** The steps that a seed stands for. */
export function generate(seed: string): Step[] {
  const random = seededRandom(seed);
  const length = LEAST + Math.floor(random() * (MOST - LEAST + 1));
  return Array.from({ length }, () => ({
    do: kind(random() * TOTAL),
    site: random(),
    pick: random(),
    more: random(),
  }));
}

function kind(at: number): Step['do'] {
  let left = at;
  for (const [name, weight] of KINDS) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'talk';
}

/** A shorter schedule that fails as well, found by leaving out what is not needed. */
export async function shrink(
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
): Promise<readonly Step[]> {
  let best = steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length;) {
      const fewer = best.toSpliced(at, size);
      if (await fails(fewer)) best = fewer;
      else at += size;
    }
  }
  return best;
}
