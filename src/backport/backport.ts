import type { BackportProposal, BackportResult, PlacementChoice } from '../model/proposal.ts';
import { changedPaths, sha256, type SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { isDataFile, valueDifferences } from './data-files.ts';
import { explain, type Explanation, nothing, type Question } from './explain.ts';
import { type Kept, keepFiles } from './keep.ts';
import { mirrorReason, overlayNotes, paramNotes } from './notes.ts';
import { originIsSite } from './place.ts';
import { explainedPaths, Proof } from './proof.ts';
import { SecretGuard } from './secrets.ts';
import { editsOf } from './stage.ts';
import { overlayTitle, paramsTitle, templateTitle } from './title.ts';
import { type Pause, Pending, Trials } from './trials.ts';

export interface BackportRequest {
  plan: Plan;
  /** Commit of the plan, for the record; empty where the plan is a folder. */
  revision: string;
  site: string;
  /** The tree found at the site. */
  observed: SiteTree;
  /** Where parameter changes go: at the origin of the value, at the site alone, or where it fits best. */
  place: PlacementChoice;
  /** Whether to change a stack's files as if no other site had it; unless given, where none has. */
  isAlone?: (stack: string) => boolean;
}

/**
 * Works backwards: finds the edits of the plan that would have rendered the tree found at a site. Every claim is
 * proved by rendering again (law 3); what no parameter explains is kept as an overlay of that site (law 4); what
 * may not be proposed at all is listed with its reason. Without an edit there is no proposal (law 2).
 * @throws InvalidInput if the plan does not render at the site; UserError if it has no such site
 */
export function backport(request: BackportRequest): BackportResult {
  return answer(request);
}

/** As `backport`, for a process that has other things to do: `pause` is called, and awaited, every now and then. */
export async function backportInTurns(
  request: BackportRequest,
  pause: Pause,
  trials: Trials = new Trials(),
): Promise<BackportResult> {
  for (;;) {
    await pause();
    try {
      return answer(request, trials);
    } catch (error) {
      if (!(error instanceof Pending)) throw error;
      await error.work(pause);
    }
  }
}

function answer(request: BackportRequest, trials?: Trials): BackportResult {
  const { plan, revision, site, observed } = request;
  const proof = new Proof(plan, site, trials);
  const paths = changedPaths(proof.desired, observed);
  if (paths.length === 0) return { site, revision, proposals: [], unexplained: [] };
  const secrets = new SecretGuard(plan, site, proof.desired, observed);
  const found = new Answer(request, proof, secrets, paths).find();
  const shown = (text: string): string => secrets.redact(text);
  return {
    site,
    revision,
    proposals: found.proposals.map((proposal) => redacted(proposal, shown)),
    unexplained: [...found.unexplained].map(([path, reason]) => ({
      path: shown(path),
      reason: shown(reason),
    })),
  };
}

/** The same proposal with no secret in what people are shown of it (law 11). */
function redacted(proposal: BackportProposal, shown: (text: string) => string): BackportProposal {
  return {
    ...proposal,
    title: shown(proposal.title),
    edits: proposal.edits.map((edit) => ({ ...edit, patch: shown(edit.patch) })),
    notes: proposal.notes.map(shown),
  };
}

interface Found {
  proposals: BackportProposal[];
  /** Path → why it is neither explained nor kept. */
  unexplained: Map<string, string>;
}

/** The way from what the edited files say to proposals. */
class Answer {
  readonly #request: BackportRequest;
  readonly #proof: Proof;
  readonly #question: Question;
  /** Path → why its edit may not be proposed. */
  readonly #refused = new Map<string, string>();

  constructor(
    request: BackportRequest,
    proof: Proof,
    secrets: SecretGuard,
    paths: readonly string[],
  ) {
    this.#request = request;
    this.#proof = proof;
    const { observed } = request;
    this.#question = {
      proof,
      observed,
      paths,
      forbids: (change) => secrets.forbids(change),
      refuses: (path) => this.#refused.get(path),
      isAlone: request.isAlone ?? ((stack) => isOnlyOf(request.plan, request.site, stack)),
    };
    for (const path of paths) {
      const refusal = secrets.refusal(path);
      if (refusal !== undefined) this.#refused.set(path, refusal);
    }
  }

  find(): Found {
    const best = this.#best();
    const found = this.#recommended(best) ?? this.#recommended(nothing(this.#proof))!;
    const known = new Set(found.proposals.map(editKey));
    for (const other of this.#alternatives(best)) {
      const proposal = this.#params(other);
      if (!proposal || known.has(editKey(proposal))) continue;
      known.add(editKey(proposal));
      found.proposals.push(proposal);
    }
    return found;
  }

  #best(): Explanation {
    const { place } = this.#request;
    if (place === 'origin') return explain(this.#question, 'origin');
    const atSite = explain(this.#question, 'site');
    if (place === 'site' || atSite.refused === 0) return atSite;
    // What the site cannot hold may have an origin that reaches no other site.
    const either = explain(this.#question, 'either');
    if (either.exact.length <= atSite.exact.length) return atSite;
    const reach = this.#proof.radius(either.stage);
    return reach.every(({ site }) => site === this.#proof.site) ? either : atSite;
  }

  /** The recommended proposals; undefined if parameters and overlay would not go together. */
  #recommended(best: Explanation): Found | undefined {
    const { observed, paths } = this.#question;
    const unexplained = new Map(this.#refused);
    for (const [path, changes] of best.mirrored) {
      if (!unexplained.has(path)) unexplained.set(path, mirrorReason(changes));
    }
    const rest = paths.filter((path) => !best.exact.includes(path) && !unexplained.has(path));
    const { kept, failed } = keepFiles(this.#proof, observed, rest);
    for (const [path, reason] of failed) unexplained.set(path, reason);

    const params = this.#params(best);
    if (!kept) return { proposals: params ? [params] : [], unexplained };
    const overlay = this.#overlay(best, kept);
    if (!params) return { proposals: [overlay], unexplained };
    const together = this.#proof.try(kept.edits, best.stage.plan);
    if ('reason' in together) return undefined;
    const claimed = [...best.exact, ...kept.paths];
    if (explainedPaths(together.tree, observed, claimed).length < claimed.length) return undefined;
    if (best.exact.length > 0) return { proposals: [params, overlay], unexplained };
    // The changes explain no file by themselves; they go with the overlay, so that the plan learns what it can.
    const both: BackportProposal = {
      ...overlay,
      placement: params.placement,
      title: `${params.title}; ${overlay.title}`,
      edits: [...params.edits, ...overlay.edits],
      blastRadius: this.#proof.radius(together),
      notes: [...params.notes, ...overlay.notes],
    };
    return { proposals: [both], unexplained };
  }

  /** Other ways to change parameters: without an overlay, at the other place, by a bolder reading. */
  *#alternatives(best: Explanation): Generator<Explanation> {
    if (this.#isWorthwhile(best)) yield best;
    const other = this.#request.place === 'origin' ? 'site' : 'origin';
    const { changes, edits } = best.stage;
    const hasOther = changes.some(
      (change) => !originIsSite(this.#proof.plan, this.#proof.site, change),
    );
    const isPartial = best.exact.length < this.#question.paths.length;
    if (hasOther || isPartial || edits.length > 0) {
      const elsewhere = explain(this.#question, other);
      if (this.#isWorthwhile(elsewhere)) yield elsewhere;
    }
    if (best.held) {
      const bold = explain(this.#question, best.where, true);
      const isPlainer = bold.stage.edits.length < edits.length;
      if (bold.exact.length > best.exact.length || (isPlainer && this.#isWorthwhile(bold)))
        yield bold;
    }
  }

  /** Whether an explanation is worth something without an overlay: it explains files, or all but their formatting. */
  #isWorthwhile({ exact, stage }: Explanation): boolean {
    const { observed, paths } = this.#question;
    if (exact.length > 0) return true;
    return paths.every(
      (path) =>
        this.#refused.has(path) ||
        (isDataFile(path) && valueDifferences(path, stage.tree, observed) === 0),
    );
  }

  #params(explanation: Explanation): BackportProposal | undefined {
    const { plan, site } = this.#proof;
    const { stage, exact } = explanation;
    const edits = editsOf(plan, stage);
    if (edits.length === 0) return undefined;
    const radius = this.#proof.radius(stage);
    const files = edits.map(({ file }) => file);
    const isTemplate = stage.edits.length > 0;
    const atSite = isTemplate
      ? explanation.where !== 'origin' && radius.every((one) => one.site === site)
      : files.every((file) => file === plan.sites.get(site)!.file);
    const placement = atSite ? 'site' : 'origin';
    return {
      kind: isTemplate ? 'template' : 'param',
      placement,
      title: isTemplate
        ? templateTitle(site, stage, placement, files)
        : paramsTitle(site, stage.changes, placement, files),
      edits,
      explains: explainedPaths(stage.tree, this.#question.observed, exact),
      blastRadius: radius,
      verified: true,
      notes: paramNotes(plan, site, this.#question.paths, explanation, radius),
    };
  }

  #overlay({ reasons }: Explanation, { paths, edits, trial }: Kept): BackportProposal {
    const { site, desired } = this.#proof;
    const { observed } = this.#question;
    const present = paths.filter((path) => observed.has(path));
    const absent = paths.filter((path) => !observed.has(path));
    return {
      kind: 'overlay',
      placement: 'site',
      title: overlayTitle(site, present, absent),
      edits,
      explains: explainedPaths(trial.tree, observed, paths),
      blastRadius: this.#proof.radius(trial),
      verified: true,
      notes: overlayNotes(site, paths, reasons, { desired, observed }),
    };
  }
}

/** Whether no other site has a stack. */
function isOnlyOf(plan: Plan, site: string, stack: string): boolean {
  for (const { name, stacks } of plan.sites.values())
    if (name !== site && stacks.includes(stack)) return false;
  return true;
}

/** Tells proposals apart by what they do to the plan. */
function editKey({ edits }: BackportProposal): string {
  return JSON.stringify(
    edits.map(({ file, mode, content }) => [file, mode, content && sha256(content)]),
  );
}
