import { recommendedSet } from '../../src/backport/recommended.ts';
import { InvalidInput } from '../../src/model/errors.ts';
import type { BackportProposal, BackportResult, PlanEdit } from '../../src/model/proposal.ts';
import {
  blobId,
  changedPaths,
  sameFile,
  type SiteTree,
  type TrackedFile,
} from '../../src/model/tree.ts';
import type { Plan, PlanFiles } from '../../src/plan/plan.ts';
import { loadPlanAndTemplates } from '../../src/render/open.ts';
import { renderSite } from '../../src/render/render.ts';

/**
 * The laws of working backwards, each as a function that tells what breaks it. They apply edits and render by
 * themselves: nothing that a proposal says is believed.
 */

const edited = new WeakMap<readonly PlanEdit[], Plan>();
const trees = new WeakMap<Plan, Map<string, SiteTree>>();

/** The plan that edits make: read once from its bytes, for all laws. */
export function planWith(plan: Plan, edits: readonly PlanEdit[]): Plan {
  const after = edited.get(edits) ?? editedPlan(plan.files, edits);
  edited.set(edits, after);
  return after;
}

/** A plan with edits made, read anew from its bytes. */
export function editedPlan(files: PlanFiles, edits: readonly PlanEdit[]): Plan {
  const after = new Map<string, TrackedFile>();
  // New buffers: nothing that was kept for the old ones is found again.
  for (const [path, { mode, content }] of files) after.set(path, tracked(mode, content));
  for (const { file, mode, content } of edits) {
    if (content === null) after.delete(file);
    else after.set(file, tracked(mode, content));
  }
  const { plan, problems } = loadPlanAndTemplates(after);
  if (!plan) throw new Error(`the edited plan is not valid: ${problems[0]!.message}`);
  return plan;
}

function tracked(mode: TrackedFile['mode'], content: Buffer): TrackedFile {
  const copy = Buffer.from(content);
  return { mode, content: copy, hash: blobId(copy) };
}

/** Law 3: what breaks the claims of a proposal. */
export function falseClaims(
  plan: Plan,
  { site }: BackportResult,
  observed: SiteTree,
  { edits, explains, verified }: BackportProposal,
): string[] {
  if (!verified) return ['it is not verified'];
  const tree = treeOf(planWith(plan, edits), site);
  return explains.filter((path) => !sameFile(tree.get(path), observed.get(path)));
}

/** Law 4: edited paths that are neither explained by what is recommended nor listed, or are claimed in vain. */
export function droppedEdits(plan: Plan, result: BackportResult, observed: SiteTree): string[] {
  const { site, unexplained } = result;
  const recommended = recommendedSet(result);
  const explained = new Set(recommended.flatMap(({ explains }) => explains));
  const listed = new Set(unexplained.map(({ path }) => path));
  const edited = changedPaths(treeOf(plan, site), observed);
  const dropped = edited.filter((path) => !explained.has(path) && !listed.has(path));
  if (unexplained.some(({ reason }) => reason.trim() === '')) dropped.push('a reason is missing');
  const unknown = [...explained, ...listed].filter((path) => !edited.includes(path));
  const [first] = recommended;
  const edits = recommended.length === 1 ? first!.edits : recommended.flatMap((one) => one.edits);
  const tree = treeOf(planWith(plan, edits), site);
  const apart = [...explained].filter((path) => !sameFile(tree.get(path), observed.get(path)));
  return [...dropped, ...unknown, ...apart];
}

/** Law 5: how the blast radius of a proposal differs from what rendering every site tells. */
export function wrongRadius(plan: Plan, { edits, blastRadius }: BackportProposal): string[] {
  const after = planWith(plan, edits);
  const actual = [...plan.sites.keys()].flatMap((site) => {
    const files = changedPaths(treeOf(plan, site), treeOf(after, site));
    return files.length > 0 ? [`${site}: ${files.join(' ')}`] : [];
  });
  const told = blastRadius.map(({ site, files }) => `${site}: ${files.join(' ')}`);
  return [
    ...actual.filter((one) => !told.includes(one)).map((one) => `not told: ${one}`),
    ...told.filter((one) => !actual.includes(one)).map((one) => `told in vain: ${one}`),
  ];
}

/** What a site renders as, once for all laws; nothing where it does not render. */
export function treeOf(plan: Plan, site: string): SiteTree {
  const known = trees.get(plan) ?? new Map<string, SiteTree>();
  trees.set(plan, known);
  let tree = known.get(site);
  if (!tree) known.set(site, (tree = rendered(plan, site)));
  return tree;
}

function rendered(plan: Plan, site: string): SiteTree {
  try {
    return renderSite(plan, site).tree;
  } catch (error) {
    if (error instanceof InvalidInput) return new Map();
    throw error;
  }
}

/** Law 11: everything that people are shown of a result, as one text. */
export function shownText(result: BackportResult): string {
  const { proposals, unexplained } = result;
  return JSON.stringify([
    proposals.map(({ title, notes, edits }) => [title, notes, edits.map(({ patch }) => patch)]),
    unexplained,
  ]);
}

/** A result with its contents as text, so that two can be compared and read. */
export function shownResult(result: BackportResult): unknown {
  const proposals = result.proposals.map((proposal) => ({
    ...proposal,
    edits: proposal.edits.map((edit) => ({ ...edit, content: edit.content?.toString() })),
  }));
  return { ...result, proposals };
}
