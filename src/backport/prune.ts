import { structuredPatch } from 'diff';

import { changedPaths, sameFile } from '../model/tree.ts';
import type { Proof, Trial } from './proof.ts';
import type { Stage } from './stage.ts';

/** More lines are not tried: a large edit has better things to tell. */
const MAX_TRIED = 12;

/**
 * A stage without the lines of layers and of the site's file that it does not need: without them the site renders
 * the same. They come from changes that say at one place what another says already.
 */
export function pruned(proof: Proof, stage: Stage): Stage {
  let best = stage;
  let tried = 0;
  const attempt = (file: string, text: string): boolean => {
    const { mode } = proof.plan.files.get(file)!;
    tried += 1;
    const trial = proof.try([{ file, content: Buffer.from(text), mode }], best.plan);
    if ('reason' in trial || !rendersAlike(best, trial)) return false;
    best = { ...best, ...trial };
    return true;
  };
  for (const file of stage.files) {
    const before = proof.plan.files.get(file);
    if (!file.endsWith('.yaml') || !before || sameFile(before, stage.plan.files.get(file)))
      continue;
    const was = before.content.toString();
    if (stage.files.size > 1 && attempt(file, was)) continue;
    const is = best.plan.files.get(file)!.content.toString();
    const parts = partsOf(was, is);
    if (parts.length < 2) continue;
    let lines = is.split('\n');
    for (const { start, count, instead } of parts.toReversed()) {
      if (tried >= MAX_TRIED) return best;
      const without = lines.toSpliced(start, count, ...instead);
      if (attempt(file, without.join('\n'))) lines = without;
    }
  }
  return best;
}

function rendersAlike(a: Trial, b: Trial): boolean {
  return changedPaths(a.tree, b.tree).length === 0;
}

/** A stretch of changed lines of a text, and what stood there before. */
interface Part {
  start: number;
  count: number;
  instead: string[];
}

/** The changed stretches in their order; as many lines for as many are each one of their own. */
function partsOf(was: string, is: string): Part[] {
  const { hunks } = structuredPatch('', '', was, is, '', '', { context: 0 });
  return hunks.flatMap(({ newStart, newLines, lines }) => {
    const instead = lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
    const start = newStart - 1;
    if (instead.length !== newLines) return [{ start, count: newLines, instead }];
    return instead.map((line, i) => ({ start: start + i, count: 1, instead: [line] }));
  });
}
