import { matchesSelector } from '../model/selector.ts';
import { pathGlob } from '../plan/globs.ts';
import type { AutoMergeRule, Plan } from '../plan/plan.ts';
import type { DriftRow, ProposalRow } from '../store/rows.ts';
import { adopted } from './choice.ts';

/**
 * Whether the plan in force lets a proposal be merged without anybody's word. Whatever a rule says, it must be proved
 * and explain the edit in full, and change no site at which nobody made it.
 * @param drifts that it decides
 * @returns in how many milliseconds it may be merged; undefined: not by itself
 */
export function autoMergeIn(
  plan: Plan,
  proposal: ProposalRow,
  drifts: readonly DriftRow[],
  now: number,
): number | undefined {
  const { result, openedAt, theirs, held } = proposal;
  const made = adopted(result);
  if (openedAt === null || theirs !== null || held || result.unexplained.length > 0)
    return undefined;
  if (made.length === 0 || !made.every(({ verified }) => verified)) return undefined;
  const sites = new Set(made.flatMap((one) => one.blastRadius.map(({ site }) => site)));
  const edited = new Set(drifts.map(({ site }) => site));
  if (!sites.isSubsetOf(edited)) return undefined;
  const facts = {
    kinds: made.map(({ kind }) => kind),
    paths: drifts.flatMap(({ paths }) => paths),
    labels: [...sites, ...edited].map((site) => plan.sites.get(site)?.labels ?? {}),
    sites: edited.size,
    lines: made.flatMap(({ edits }) => edits).reduce((sum, { patch }) => sum + linesOf(patch), 0),
  };
  const waits = plan.drift.autoMerge
    .filter((rule) => fits(rule, facts))
    .map(({ after }) => Math.max(0, openedAt + after - now));
  return waits.length > 0 ? Math.min(...waits) : undefined;
}

interface Facts {
  kinds: readonly string[];
  paths: readonly string[];
  labels: readonly Readonly<Record<string, string>>[];
  sites: number;
  lines: number;
}

function fits(rule: AutoMergeRule, facts: Facts): boolean {
  const { paths, sites = '*', kinds, maxSites = Infinity, maxLines = Infinity } = rule;
  const globs = paths?.map(pathGlob);
  return (
    facts.kinds.every((kind) => kinds.some((known) => known === kind)) &&
    // A glob that names a file of a stack fits it in every stack, as in the rules for drift.
    facts.paths.every(
      (path) =>
        !globs || globs.some((glob) => glob(path) || glob(path.slice(path.indexOf('/') + 1))),
    ) &&
    facts.labels.every((labels) => matchesSelector(sites, labels)) &&
    facts.sites <= maxSites &&
    facts.lines <= maxLines
  );
}

/** Lines that a patch adds and takes away; one that says nothing of its lines has more than any rule allows. */
function linesOf(patch: string): number {
  const body = patch.split('\n').filter((line) => /^[+-](?![+-]{2} )/.test(line));
  return body.length > 0 ? body.length : Infinity;
}
