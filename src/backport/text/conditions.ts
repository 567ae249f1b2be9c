import type { ConditionPiece } from '../../render/template/trace.ts';
import { type Alternative, solveTruth } from '../inverse/solve-expression.ts';
import type { Candidate } from './candidate.ts';
import type { Region } from './regions.ts';
import { touches, type TracedText } from './traced-text.ts';
import { candidateOf, together } from './values.ts';

/** Turning a condition is a bolder reading than another value (cost). */
const TURNED = 4;
const MAX_WAYS = 4;

/** Reads a region as what another arm of a condition renders, by values that make that arm the one taken. */
export function conditionCandidates(
  traced: TracedText,
  region: Region,
  reasons: Set<string>,
): Candidate[] {
  return traced.conditions
    .filter((condition) => touches(condition, region))
    .flatMap((condition) => otherArms(condition).flatMap((arm) => waysTo(condition, arm, reasons)))
    .flatMap((way) => {
      const candidate = candidateOf(traced, way, reasons);
      return candidate ? [{ ...candidate, cost: candidate.cost + TURNED }] : [];
    });
}

/** The arms that were not taken; the last one stands for `else`, or for none at all. */
function otherArms({ node, arm }: ConditionPiece): number[] {
  const taken = arm < 0 ? node.arms.length : arm;
  return Array.from({ length: node.arms.length + 1 }, (_, index) => index).filter(
    (index) => index !== taken,
  );
}

function waysTo(
  { node, environment }: ConditionPiece,
  arm: number,
  reasons: Set<string>,
): Alternative[] {
  const tests = node.arms.slice(0, arm + 1).map(({ test }, index) => ({ test, is: index === arm }));
  const ways = tests.map(({ test, is }) => solveTruth(test, environment, is, { reasons }));
  return together(ways).slice(0, MAX_WAYS);
}
