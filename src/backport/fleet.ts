import { compareText } from '../model/problem.ts';
import type { BackportProposal, FleetResult, PlanEdit } from '../model/proposal.ts';
import { sha256 } from '../model/tree.ts';
import { siteParams } from '../plan/layers.ts';
import type { Plan } from '../plan/plan.ts';
import { sameNode } from '../plan/yaml/value.ts';
import { backport } from './backport.ts';
import { chooseCover, type Cover, type LayerReach, layerReaches } from './fleet-cover.ts';
import { FleetTeller, isOverlay, isShared, type Made, type Way } from './fleet-made.ts';
import { isJoined, sayIn, wantedValues } from './fleet-place.ts';
import { type NewFiles, planOfSite, planWith, rendersAt, type SiteEdit } from './fleet-trial.ts';
import { overlayEdits } from './overlay.ts';
import { recommendedSet } from './recommended.ts';
import type { Pause } from './trials.ts';
import { type YamlChange, yamlChanges } from './yaml-changes.ts';

export { fleetKey } from './fleet-key.ts';
export type { SiteEdit } from './fleet-trial.ts';

export interface FleetRequest {
  plan: Plan;
  /** Commit of the plan, for the record; empty where the plan is a folder. */
  revision: string;
  /** Sites at which the same edit was made (see `fleetKey`); at least one, in any order. */
  edits: readonly SiteEdit[];
  /** Called, and awaited, every now and then. */
  pause?: Pause;
}

/**
 * Works backwards from several sites that were edited alike: one edit of the plan for all of them, at the layers
 * that fit them best. As few files as can be are changed, and as few sites where nobody made the edit; where most
 * sites of a layer made it, that layer. Each of the sites is proved by rendering (law 3), and the blast radius found
 * by it (law 5). What is not to be shared stands in each site's own file. The order of the edits does not matter.
 * @throws InvalidInput if the plan does not render at one of the sites; UserError if it has no such site
 */
export async function fleetProposals(request: FleetRequest): Promise<FleetResult> {
  return new Fleet(request).solve();
}

const NEXT: Readonly<Record<Way, Way>> = {
  layer: 'own',
  own: 'backport',
  backport: 'apart',
  apart: 'apart',
};

/** The change as one site tells it. */
interface Change {
  /** Changes of the merged parameters, where that is all that it takes. */
  params: readonly YamlChange[] | undefined;
  /** Edits that mean the same for every site. */
  shared: readonly PlanEdit[] | undefined;
  /** Paths that are kept as they were found. */
  kept: readonly string[];
}

class Fleet {
  readonly #plan: Plan;
  readonly #revision: string;
  readonly #edits: readonly SiteEdit[];
  readonly #lead: SiteEdit;
  readonly #pause: Pause;
  /** Paths that a proposal for the first site explains, and so must explain at all. */
  #explains: readonly string[] = [];
  #reaches: readonly LayerReach[] = [];

  constructor({ plan, revision, edits, pause = async () => {} }: FleetRequest) {
    this.#plan = plan;
    this.#revision = revision;
    this.#edits = edits.toSorted((a, b) => compareText(a.site, b.site));
    this.#lead = this.#edits[0]!;
    this.#pause = pause;
  }

  async solve(): Promise<FleetResult> {
    const { site, observed } = this.#lead;
    const alone = planOfSite(this.#plan, site);
    const isAlone = (stack: string): boolean => this.#isAlone(stack);
    const request = { plan: alone, revision: this.#revision, site, observed, isAlone };
    const own = backport({ ...request, place: 'auto' });
    const recommended = recommendedSet(own);
    const result: FleetResult = {
      site,
      revision: this.#revision,
      sites: this.#edits.map((edit) => edit.site),
      apart: [],
      proposals: [],
      unexplained: own.unexplained,
    };
    if (recommended.length === 0) return result;
    this.#explains = [...new Set(recommended.flatMap(({ explains }) => explains))];
    const change = await this.#change(alone, recommended);
    if (change.params && !isJoinedChange(this.#plan, change.params)) this.#reach(change.params);

    const best = await this.#make(change, chooseCover(result.sites, this.#reaches));
    const found = [best];
    result.apart = result.sites.filter((one) => best.ways.get(one) === 'apart');
    result.sites = result.sites.filter((one) => best.ways.get(one) !== 'apart');
    if (result.sites.length === 0) return result;
    for (const other of this.#otherCovers(best, result.sites)) {
      const made = await this.#make(change, other);
      if (this.#explainsAll(made, result.sites)) found.push(made);
    }
    const teller = new FleetTeller({
      plan: this.#plan,
      edits: this.#edits.filter((edit) => result.sites.includes(edit.site)),
      explains: this.#explains,
      reaches: this.#reaches,
      pause: this.#pause,
    });
    const proposals: BackportProposal[] = [];
    for (const made of found) proposals.push(await teller.tell(made, recommended));
    for (const other of own.proposals) {
      const made = await this.#asItIs(other, alone, result.sites);
      if (made) proposals.push(await teller.tell(made, [other]));
    }
    result.proposals = distinct(proposals);
    return result;
  }

  /** What the proposal for one site changes, in terms that mean something for the others too. */
  async #change(plan: Plan, recommended: readonly BackportProposal[]): Promise<Change> {
    const kept = recommended.filter(({ kind }) => kind === 'overlay');
    const rest = recommended.filter(({ kind }) => kind !== 'overlay');
    const onlyKeeps = kept.every(({ edits }) => edits.every(({ file }) => isOverlay(file)));
    const change: Change = { params: undefined, shared: undefined, kept: [] };
    if (!onlyKeeps) return change;
    const edits = rest.flatMap((one) => one.edits);
    const keeps = kept.flatMap(({ explains }) => explains);
    if (edits.length === 0) return { ...change, params: [], kept: keeps };
    const ofStacks = (file: string): boolean => isShared(file) && !plan.layerDocuments.has(file);
    const shared = edits.filter(({ file }) => ofStacks(file));
    const data = edits.filter(({ file }) => !ofStacks(file));
    const all = shared.length > 0 ? { shared, kept: keeps } : { kept: keeps };
    if (data.length === 0) return { ...change, ...all };
    const params = await this.#paramChanges(plan, data);
    return params ? { ...change, ...all, params } : change;
  }

  /** Whether every site that has a stack is among those that made the edit. */
  #isAlone(stack: string): boolean {
    const edited = new Set(this.#edits.map(({ site }) => site));
    for (const { name, stacks } of this.#plan.sites.values())
      if (stacks.includes(stack) && !edited.has(name)) return false;
    return true;
  }

  /**
   * How edits change the first site's merged parameters; undefined if they change anything else than that.
   * @param plan in which the edits can be made
   */
  async #paramChanges(plan: Plan, edits: readonly PlanEdit[]): Promise<YamlChange[] | undefined> {
    const { site } = this.#lead;
    const was = plan.sites.get(site)!;
    if (!edits.every(({ file }) => file === was.file || plan.layerDocuments.has(file)))
      return undefined;
    const made = await planWith(plan, new Map(edits.map((edit) => [edit.file, edit])), this.#pause);
    const is = 'plan' in made ? made.plan.sites.get(site) : undefined;
    if (!('plan' in made) || !is) return undefined;
    const [before, after] = [was, is].map(({ document }) => document.root.entries);
    for (const key of new Set([...before!.keys(), ...after!.keys()])) {
      const [one, other] = [before!.get(key), after!.get(key)];
      if (key !== 'params' && (!one || !other || !sameNode(one.value, other.value)))
        return undefined;
    }
    return yamlChanges(siteParams(plan, site), siteParams(made.plan, site));
  }

  #reach(changes: readonly YamlChange[]): void {
    const wanted = wantedValues(siteParams(this.#plan, this.#lead.site), changes);
    const sites = new Set(this.#edits.map(({ site }) => site));
    if (wanted && wanted.length > 0) this.#reaches = layerReaches(this.#plan, sites, wanted);
  }

  /** Other ways to say it: each site by itself, and the one layer that has them all. */
  #otherCovers(best: Made, sites: readonly string[]): Cover[] {
    const covers: Cover[] = [];
    if (best.cover.layers.length > 0) covers.push({ layers: [], alone: [...sites] });
    const [widest] = this.#reaches
      .filter(({ file, covers: all }) => {
        const known = best.cover.layers.length === 1 && best.cover.layers[0] === file;
        return !known && sites.every((site) => all.includes(site));
      })
      .toSorted((a, b) => a.others - b.others || compareText(a.file, b.file));
    if (widest) covers.push({ layers: [widest.file], alone: [] });
    return covers;
  }

  #explainsAll({ ways }: Made, sites: readonly string[]): boolean {
    return sites.every((site) => ways.get(site) !== 'apart');
  }

  /**
   * Makes the change in the plan and proves it at every site. A site at which it does not render what was found is
   * given it in another way, and in the end left out.
   */
  async #make(change: Change, cover: Cover): Promise<Made> {
    const covered = new Set(cover.layers.length > 0 ? this.#coveredBy(cover.layers) : []);
    const first: Way = change.params ? 'own' : change.shared ? 'layer' : 'backport';
    const ways = new Map<string, Way>(
      this.#edits.map(({ site }) => [site, covered.has(site) ? 'layer' : first]),
    );
    for (;;) {
      const files = this.#write(change, cover, ways);
      const made = await this.#withKept(files, change, ways);
      if ('reason' in made) {
        // Nobody can tell which of them it is that the plan does not stand.
        for (const [site, way] of ways) ways.set(site, NEXT[way]);
        continue;
      }
      const failed: string[] = [];
      for (const edit of this.#edits) {
        if (ways.get(edit.site) === 'apart') continue;
        if (!rendersAt(made.plan, edit, this.#explains)) failed.push(edit.site);
        await this.#pause();
      }
      const used = [...made.files.keys()].filter((file) => isShared(file));
      const alone = [...ways].filter(([, way]) => way === 'own' || way === 'backport');
      if (failed.length === 0)
        return { ...made, cover: { layers: used, alone: alone.map(([site]) => site) }, ways };
      for (const site of failed) ways.set(site, NEXT[ways.get(site)!]);
    }
  }

  #coveredBy(layers: readonly string[]): string[] {
    return this.#reaches.filter(({ file }) => layers.includes(file)).flatMap((one) => one.covers);
  }

  /** The files that say the change, each site in its way. */
  #write(change: Change, cover: Cover, ways: Map<string, Way>): Made['files'] {
    const files: Made['files'] = new Map();
    const put = (file: string, text: string): void => {
      const { mode } = this.#plan.files.get(file)!;
      files.set(file, { mode, content: Buffer.from(text) });
    };
    const keep = (edits: readonly PlanEdit[]): void => {
      for (const { file, content, mode } of edits) files.set(file, { content, mode });
    };
    const isMade = [...ways.values()].some((way) => way === 'layer' || way === 'own');
    if (change.shared && isMade) keep(change.shared);
    for (const file of change.params ? cover.layers : []) {
      const sites = this.#coveredBy([file]).filter((site) => ways.get(site) === 'layer');
      const text = sites[0] && this.#say(file, sites[0], change.params!);
      if (text !== undefined && sites.length > 0) put(file, text);
      else for (const site of sites) ways.set(site, 'own');
    }
    for (const { site, observed } of this.#edits) {
      if (ways.get(site) === 'own' && change.params && change.params.length > 0) {
        const { file } = this.#plan.sites.get(site)!;
        const text = this.#say(file, site, change.params);
        if (text === undefined) ways.set(site, 'backport');
        else put(file, text);
      }
      if (ways.get(site) !== 'backport') continue;
      const own = backport({
        plan: planOfSite(this.#plan, site),
        revision: this.#revision,
        site,
        observed,
        place: 'site',
      });
      const edits = recommendedSet(own).flatMap((one) => one.edits);
      // What is no site's own is not one site's to change.
      if (edits.length > 0 && edits.every(({ file }) => !isShared(file))) keep(edits);
      else ways.set(site, 'apart');
    }
    return files;
  }

  #say(file: string, site: string, changes: readonly YamlChange[]): string | undefined {
    const wanted = wantedValues(siteParams(this.#plan, site), changes);
    return wanted && sayIn(this.#plan, file, site, wanted);
  }

  /** The plan with the files, and with what each site keeps as it was found. */
  async #withKept(
    files: Made['files'],
    { kept }: Change,
    ways: ReadonlyMap<string, Way>,
  ): Promise<Pick<Made, 'files' | 'plan'> | { reason: string }> {
    const made = await planWith(this.#plan, files, this.#pause);
    if ('reason' in made || kept.length === 0) return 'reason' in made ? made : { ...made, files };
    const all = new Map(files);
    for (const { site, observed } of this.#edits) {
      if (ways.get(site) !== 'layer' && ways.get(site) !== 'own') continue;
      for (const { file, content, mode } of overlayEdits(made.plan, site, observed, kept))
        all.set(file, { content, mode });
      await this.#pause();
    }
    const whole = await planWith(this.#plan, all, this.#pause);
    return 'reason' in whole ? whole : { ...whole, files: all };
  }

  /** A proposal for the first site that changes shared files only, made as it is, if it explains every site. */
  async #asItIs(
    { kind, edits }: BackportProposal,
    alone: Plan,
    sites: readonly string[],
  ): Promise<Made | undefined> {
    if (kind === 'overlay' || !edits.every(({ file }) => isShared(file))) return undefined;
    if (!edits.every(({ file }) => alone.files.get(file) === this.#plan.files.get(file)))
      return undefined;
    const files: NewFiles = new Map(
      edits.map(({ file, content, mode }) => [file, { content, mode }]),
    );
    const made = await planWith(this.#plan, files, this.#pause);
    if ('reason' in made) return undefined;
    for (const edit of this.#edits) {
      if (sites.includes(edit.site) && !rendersAt(made.plan, edit, this.#explains))
        return undefined;
    }
    const layers = edits.map(({ file }) => file);
    const ways = new Map(sites.map((site) => [site, 'layer' as const]));
    return { ...made, files: new Map(files), cover: { layers, alone: [] }, ways };
  }
}

function isJoinedChange(plan: Plan, changes: readonly YamlChange[]): boolean {
  return isJoined(
    plan,
    changes.map(({ path }) => path.filter((step) => typeof step === 'string')),
  );
}

function distinct(proposals: readonly BackportProposal[]): BackportProposal[] {
  const known = new Map<string, BackportProposal>();
  for (const proposal of proposals) {
    const key = JSON.stringify(
      proposal.edits.map(({ file, mode, content }) => [file, mode, content && sha256(content)]),
    );
    if (!known.has(key)) known.set(key, proposal);
  }
  return [...known.values()];
}
