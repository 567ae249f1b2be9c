import * as fc from 'fast-check';

import { backport } from '../../src/backport/backport.ts';
import { recommendedSet } from '../../src/backport/recommended.ts';
import { InvalidInput } from '../../src/model/errors.ts';
import type { BackportResult, PlacementChoice } from '../../src/model/proposal.ts';
import { changedPaths, type SiteTree } from '../../src/model/tree.ts';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { parseYaml } from '../../src/plan/yaml/parse.ts';
import { sameNode } from '../../src/plan/yaml/value.ts';
import { renderSite } from '../../src/render/render.ts';
import { droppedEdits, editedPlan, falseClaims } from './backport-laws.ts';
import { planOf } from './backport-plan.ts';
import { planFiles } from './plan-files.ts';
import { fourEdits, type FreeEdit, freeEdit, makeFree } from './random-free-edits.ts';
import { type HiddenEdit, hiddenEdit, makeHidden } from './random-hidden-edits.ts';
import { type DraftPlan, planSource, richPlan } from './random-rich-plans.ts';

export type Uses = 'once' | 'reuse';

/** A plan with rich templates, and edits of the tree of one of its sites. */
export interface FreeCase {
  draft: DraftPlan;
  site: string;
  edits: FreeEdit[];
}

/** A plan with rich templates, and a change of it that only the site shows. */
export interface HiddenCase {
  draft: DraftPlan;
  site: string;
  edit: HiddenEdit;
  /** Whether only the texts show it: the rendered parameters stay as they were. */
  textsOnly: boolean;
}

function withSite<Rest extends object>(
  plan: fc.Arbitrary<DraftPlan>,
  rest: fc.Arbitrary<Rest>,
): fc.Arbitrary<Rest & { draft: DraftPlan; site: string }> {
  return fc.tuple(plan, fc.nat(4), rest).map(([draft, index, more]) => {
    const site = draft.sites[index % draft.sites.length]!.name;
    return { ...more, draft, site };
  });
}

/**
 * Single edits mostly, and four at once.
 * @param blocks how large the templates are at most
 */
export function freeCase(uses: Uses, blocks?: number): fc.Arbitrary<FreeCase> {
  const one = fc.array(freeEdit, { minLength: 1, maxLength: 1 });
  const edits = fc.oneof({ weight: 9, arbitrary: one }, { weight: 1, arbitrary: fourEdits });
  return withSite(
    richPlan(uses, blocks),
    edits.map((all) => ({ edits: all })),
  );
}

export function hiddenCase(uses: Uses, blocks?: number): fc.Arbitrary<HiddenCase> {
  const rest = fc.record({ edit: hiddenEdit, textsOnly: fc.boolean() });
  return withSite(richPlan(uses, blocks), rest);
}

/** A case on its way: what there was, what is found, and what working backwards makes of it. */
export interface Worked {
  plan: Plan;
  site: string;
  desired: SiteTree;
  observed: SiteTree;
  /** Edited paths. */
  paths: string[];
  place: PlacementChoice;
  result: BackportResult;
}

/** What a free edit makes of the site; undefined where the plan has nothing that can be so edited. */
export function prepareFree({ draft, site, edits }: FreeCase): Omit<Worked, 'result'> | undefined {
  const plan = planOf(planSource(draft));
  const desired = renderSite(plan, site).tree;
  const observed = edits.reduce<SiteTree>((tree, edit) => makeFree(tree, edit) ?? tree, desired);
  return prepared({ plan, site, desired, observed, place: 'auto' });
}

/** What a hidden change makes of the site; undefined where it does not show. */
export function prepareHidden({
  draft,
  site,
  edit,
  textsOnly,
}: HiddenCase): (Omit<Worked, 'result'> & { hidden: Plan }) | undefined {
  const change = makeHidden(draft, site, edit);
  const hidden = change && loadPlan(planFiles(planSource(change.plan))).plan;
  const rendered = hidden && treeOf(hidden, site);
  if (!rendered) return undefined;
  const plan = planOf(planSource(draft));
  const desired = renderSite(plan, site).tree;
  const observed = new Map(
    [...rendered].map(([path, file]) => {
      const isText = path.endsWith('.conf');
      return [path, textsOnly && !isText ? (desired.get(path) ?? file) : file];
    }),
  );
  // What the site itself says is edited there; what others share, at its origin.
  const place = change.file.startsWith('sites/') ? 'auto' : 'origin';
  const made = prepared({ plan, site, desired, observed, place });
  return made && { ...made, hidden };
}

function prepared(one: Omit<Worked, 'result' | 'paths'>): Omit<Worked, 'result'> | undefined {
  const paths = changedPaths(one.desired, one.observed);
  return paths.length > 0 ? { ...one, paths } : undefined;
}

/** Works a prepared case back. */
export function worked<Case extends Omit<Worked, 'result'>>(one: Case): Case & Worked {
  const { plan, site, observed, place } = one;
  return { ...one, result: backport({ plan, revision: 'r', site, observed, place }) };
}

/**
 * What became of an edit, from best to worst: a parameter or template edit is recommended; is, but for
 * rendered parameters that also show what was edited elsewhere; is offered; explains a part of the edited files; an
 * overlay keeps them; something is listed as unexplained; a law is broken.
 */
export type Verdict =
  | 'recommended'
  | 'mirrored'
  | 'offered'
  | 'partly'
  | 'overlay'
  | 'listed'
  | 'lost'
  | 'false';

export function verdictOf({ plan, observed, paths, result }: Worked): Verdict {
  const { proposals, unexplained } = result;
  if (proposals.some((one) => falseClaims(plan, result, observed, one).length > 0)) return 'false';
  if (droppedEdits(plan, result, observed).length > 0) return 'lost';
  const whole = proposals.findIndex(
    ({ kind, explains }) => kind !== 'overlay' && paths.every((path) => explains.includes(path)),
  );
  if (whole >= 0) return whole === 0 ? 'recommended' : 'offered';
  if (isMirrored(result, paths)) return 'mirrored';
  if (unexplained.length > 0) return 'listed';
  return proposals.some(({ kind, explains }) => kind !== 'overlay' && explains.length > 0)
    ? 'partly'
    : 'overlay';
}

function isMirrored(
  { proposals: [first], unexplained }: BackportResult,
  paths: readonly string[],
): boolean {
  if (!first || first.kind === 'overlay') return false;
  const mirrors = unexplained.filter(({ reason }) =>
    reason.startsWith('what was edited in it is made'),
  );
  const known = new Set([...first.explains, ...mirrors.map(({ path }) => path)]);
  return paths.every((path) => known.has(path));
}

/** Why the files of a case are not explained by parameters or templates, as people are told. */
export function reasonsOf({ result }: Worked): string[] {
  const overlays = result.proposals.filter(({ kind }) => kind === 'overlay');
  const notes = overlays.flatMap(({ notes: all }) =>
    all.filter((note) => !note.startsWith('later changes')),
  );
  return [
    ...notes.map((note) => note.replace(/^.*? is (?:kept as it stands|left out): /, '')),
    ...result.unexplained.map(({ reason }) => reason),
  ];
}

/**
 * How near the recommended edits come to the hidden one: the same bytes in every plan file; the same but for
 * formatting; the same rendering at every site; the same at this site; not that.
 */
export type Nearness = 'bytes' | 'values' | 'renderings' | 'here' | 'missed';

export function nearness({
  plan,
  site,
  observed,
  result,
  hidden,
}: Worked & { hidden: Plan }): Nearness {
  const set = recommendedSet(result);
  if (set.length === 0 || set.some(({ kind }) => kind === 'overlay')) return 'missed';
  const after = editedPlan(
    plan.files,
    set.flatMap(({ edits }) => edits),
  );
  const pairs = [...new Set([...hidden.files.keys(), ...after.files.keys()])].map(
    (path) => [path, textAt(hidden, path), textAt(after, path)] as const,
  );
  if (pairs.every(([, a, b]) => a === b)) return 'bytes';
  if (
    pairs.every(
      ([path, a, b]) => a === b || (a !== undefined && b !== undefined && sameYaml(path, a, b)),
    )
  )
    return 'values';
  const sites = [...plan.sites.keys()];
  const trees = sites.map((one) => [treeOf(hidden, one), treeOf(after, one)] as const);
  if (trees.every(([a, b]) => a && b && changedPaths(a, b).length === 0)) return 'renderings';
  const here = treeOf(after, site);
  return here && changedPaths(here, observed).every((path) => !path.endsWith('.conf'))
    ? 'here'
    : 'missed';
}

function textAt(plan: Plan, path: string): string | undefined {
  return plan.files.get(path)?.content.toString();
}

function sameYaml(path: string, a: string, b: string): boolean {
  if (!path.endsWith('.yaml')) return false;
  const [one, other] = [a, b].map((text) => parseYaml(path, text).document?.root);
  return one !== undefined && other !== undefined && sameNode(one, other);
}

function treeOf(plan: Plan, site: string): SiteTree | undefined {
  try {
    return renderSite(plan, site).tree;
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}
