import { compareText } from '../model/problem.ts';
import type { BackportProposal, PlanEdit, ProposalKind } from '../model/proposal.ts';
import { changedPaths } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { renderSite } from '../render/render.ts';
import type { Cover, LayerReach } from './fleet-cover.ts';
import { type FleetFacts, fleetNotes, fleetTitle } from './fleet-tell.ts';
import { radiusOf, type SiteEdit } from './fleet-trial.ts';
import { contentPatch } from './patch.ts';
import { SecretGuard } from './secrets.ts';
import type { Pause } from './trials.ts';

/** How a site is given the change: by a layer, by its own file, by working backwards at it alone, or not at all. */
export type Way = 'layer' | 'own' | 'backport' | 'apart';

/** A change made in the plan, and the sites that it explains. */
export interface Made {
  files: Map<string, Pick<PlanEdit, 'content' | 'mode'>>;
  plan: Plan;
  cover: Cover;
  ways: ReadonlyMap<string, Way>;
}

/** Whether a plan file is a site's own version of a rendered one. */
export function isOverlay(file: string): boolean {
  return file.startsWith('overlays/');
}

/** Whether a plan file is no site's own. */
export function isShared(file: string): boolean {
  return !isOverlay(file) && !file.startsWith('sites/');
}

/** Tells what was made for a group of sites as a proposal. */
export class FleetTeller {
  readonly #plan: Plan;
  readonly #edits: readonly SiteEdit[];
  readonly #explains: readonly string[];
  readonly #reaches: readonly LayerReach[];
  readonly #pause: Pause;
  readonly #guards = new Map<string, SecretGuard>();

  /** @param options.edits the sites that are explained, at least one */
  constructor(options: {
    plan: Plan;
    edits: readonly SiteEdit[];
    explains: readonly string[];
    reaches: readonly LayerReach[];
    pause: Pause;
  }) {
    this.#plan = options.plan;
    this.#edits = options.edits;
    this.#explains = options.explains;
    this.#reaches = options.reaches;
    this.#pause = options.pause;
  }

  /**
   * The proposal.
   * @param proposals what is proposed for the first site alone
   */
  async tell(made: Made, [lead, ...more]: readonly BackportProposal[]): Promise<BackportProposal> {
    const { files, cover, ways } = made;
    const sites = this.#edits.map(({ site }) => site);
    const first = this.#edits[0]!;
    const edits = [...files]
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([file, { content, mode }]) => this.#edit(file, content, mode, sites));
    const shared = edits.map(({ file }) => file).filter((file) => isShared(file));
    const radius = await radiusOf(this.#plan, made.plan, this.#pause);
    const desired = renderSite(this.#plan, first.site).tree;
    const title = [lead!, ...more].map((one) => one.title).join('; ');
    return {
      kind: kindOf([lead!, ...more], edits),
      placement: shared.length > 0 ? 'origin' : 'site',
      title: fleetTitle({ site: first.site, title }, sites, shared),
      edits,
      explains: [...this.#explains],
      blastRadius: radius,
      verified: true,
      notes: fleetNotes({
        plan: this.#plan,
        sites,
        edited: changedPaths(desired, first.observed),
        layers: shared.map((file) => this.#placed(file, ways)),
        alone: cover.alone.length,
        radius,
        own: [lead!, ...more].flatMap((one) => one.notes),
      }),
    };
  }

  #placed(file: string, ways: ReadonlyMap<string, Way>): FleetFacts['layers'][number] {
    const reach = this.#reaches.find((one) => one.file === file);
    const covered = (reach?.covers ?? [...ways.keys()]).filter(
      (site) => ways.get(site) === 'layer',
    );
    return { file, covers: covered.length, reaches: covered.length + (reach?.others ?? 0) };
  }

  /** An edit as people see it: without the secrets of any site that it concerns (law 11). */
  #edit(
    file: string,
    content: Buffer | null,
    mode: PlanEdit['mode'],
    sites: readonly string[],
  ): PlanEdit {
    const before = this.#plan.files.get(file);
    let patch = contentPatch(file, before, content === null ? undefined : { content, mode });
    const owner = this.#ownerOf(file);
    for (const site of owner === undefined ? sites : [owner])
      patch = this.#guard(site).redact(patch);
    return { file, content, mode, patch };
  }

  #ownerOf(file: string): string | undefined {
    if (isShared(file)) return undefined;
    return this.#edits.find(
      ({ site }) =>
        this.#plan.sites.get(site)!.file === file || file.startsWith(`overlays/${site}/`),
    )?.site;
  }

  #guard(site: string): SecretGuard {
    let guard = this.#guards.get(site);
    if (!guard) {
      const { observed } = this.#edits.find((edit) => edit.site === site)!;
      guard = new SecretGuard(this.#plan, site, renderSite(this.#plan, site).tree, observed);
      this.#guards.set(site, guard);
    }
    return guard;
  }
}

function kindOf(proposals: readonly BackportProposal[], edits: readonly PlanEdit[]): ProposalKind {
  return edits.some(({ file }) => isOverlay(file)) ? 'overlay' : proposals[0]!.kind;
}
