import { compareProblems, compareText, formatProblem, type Problem } from '../model/problem.ts';
import { changedFiles, changedSites } from './changes.ts';
import { type Documents, readDocuments } from './documents.ts';
import { NOTHING_GATHERED } from './exports.ts';
import { importCycles, stackCycles } from './import-cycles.ts';
import { exportProblems } from './import-problems.ts';
import { layerFiles, layerLabels } from './layers.ts';
import { type Layout, layerPaths, layoutOf, strayFiles } from './layout.ts';
import { absentFile, readOverlay } from './overlays.ts';
import { parameterProblems } from './parameters.ts';
import { PathIndex, refusedProblems } from './paths.ts';
import type {
  Gathered,
  Plan,
  PlanFiles,
  SiteDefinition,
  SiteOverlay,
  StackDefinition,
} from './plan.ts';
import { nameProblem, siteNameProblems, siteReferences, stackReferences } from './references.ts';
import { PLAN_FILE, readSettings, type Settings } from './settings.ts';
import { nearest, quoted, topOf } from './shape.ts';
import { paramProblems, readSite } from './sites.ts';
import { readStack } from './stacks.ts';
import { withinTime } from './within-time.ts';
import { withoutPause } from './without-pause.ts';
import type { YamlDocument } from './yaml/node.ts';

/** What the reader of the plan found but did not read: links, submodules. The reason goes on from the path. */
export interface Refused {
  path: string;
  reason: string;
}

export interface LoadOptions {
  /** A valid plan that this one may be much like: what did not change is taken over from it. */
  previous?: Plan;
  refused?: readonly Refused[];
  /** What runs gathered at sites; if not given, what the plan before has. */
  gathered?: Gathered;
}

export interface Loaded {
  /** Only of a plan without a fault. */
  plan: Plan | undefined;
  problems: Problem[];
}

/** Files and sites that are looked at between two pauses. */
const STEP = 20;

/** What a valid plan was made from, kept for the plan that comes after it. */
interface Workings {
  index: PathIndex;
  layout: Layout;
  documents: Documents;
  settings: Settings;
}

const workings = new WeakMap<Plan, Workings>();

/**
 * Reads and validates a plan. Every fault is found in one run and told with its position, in the order of files
 * and lines; with any fault there is no plan. Templates are not looked at: see `openPlan` in src/render.
 */
export function loadPlan(files: PlanFiles, options: LoadOptions = {}): Loaded {
  const { refused = [] } = options;
  return concluded(withoutPause(new Loading(files, options).run()), refused);
}

/** As `loadPlan`, for a process that has other things to do: `pause` is called, and awaited, every now and then. */
export async function loadPlanInTurns(
  files: PlanFiles,
  options: LoadOptions,
  pause: () => Promise<void>,
): Promise<Loaded> {
  const { refused = [] } = options;
  const reading = new Loading(files, options).run();
  for (;;) {
    const step = reading.next();
    if (step.done) return concluded(step.value, refused);
    await pause();
  }
}

/** The same plan with other values gathered. Nothing of it is read again. */
export function withGathered(plan: Plan, gathered: Gathered): Plan {
  const other = { ...plan, gathered };
  const known = workings.get(plan);
  if (known) workings.set(other, known);
  return other;
}

function concluded({ plan, problems }: Loaded, refused: readonly Refused[]): Loaded {
  const all = [...problems, ...refusedProblems(refused)];
  return { plan: all.length === 0 ? plan : undefined, problems: inOrder(all) };
}

/** Sorted, and each fault once, however many sites it shows at. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const byText = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  return [...byText]
    .toSorted(([a, one], [b, other]) => compareProblems(one, other) || compareText(a, b))
    .map(([, problem]) => problem);
}

/** One reading of a plan. Each step looks at what it can, whatever went wrong in those before it. */
class Loading {
  readonly #files: PlanFiles;
  readonly #previous: Plan | undefined;
  readonly #before: Workings | undefined;
  readonly #problems: Problem[] = [];
  readonly #documents: Map<string, YamlDocument>;
  /** Paths that are not as they were in the plan before. */
  readonly #changed: ReadonlySet<string>;
  readonly #gathered: Gathered;

  constructor(files: PlanFiles, { previous, gathered }: LoadOptions) {
    this.#files = files;
    this.#gathered = gathered ?? previous?.gathered ?? NOTHING_GATHERED;
    this.#previous = previous;
    this.#before = previous && workings.get(previous);
    this.#changed = this.#before ? changedFiles(previous!.files, files) : new Set(files.keys());
    // To copy a map as a whole takes a small part of what it takes entry by entry.
    this.#documents = new Map(this.#before?.documents);
    if (!this.#before) return;
    for (const path of this.#changed) this.#documents.delete(path);
  }

  /** Yields where it may pause. */
  *run(): Generator<void, Loaded> {
    const { index, problems } = yield* (this.#before?.index ?? new PathIndex()).next(
      this.#files.keys(),
    );
    this.#problems.push(...problems);
    yield;
    const layout =
      index === this.#before?.index ? this.#before.layout : layoutOf(this.#files.keys());
    yield;

    const settings = yield* this.#settings();
    this.#problems.push(...strayFiles(layout, settings?.layers ?? []));
    const layers = yield* this.#layers(layerPaths(layout, settings?.layers ?? []));
    const stacks = yield* this.#stacks(layout);
    const sites = yield* this.#sites(layout);
    const overlays = yield* this.#overlays(layout);
    const doubtful = yield* this.#references(layout, settings, stacks, sites);
    if (!settings) return { plan: undefined, problems: this.#problems };

    const plan: Plan = {
      ...settings,
      sites,
      stacks,
      layerDocuments: layers,
      overlays,
      gathered: this.#gathered,
      files: this.#files,
    };
    yield* this.#parameters(plan, doubtful);
    if (this.#problems.length === 0) this.#problems.push(...exportProblems(plan));
    workings.set(plan, { index, layout, settings, documents: this.#documents });
    return { plan, problems: this.#problems };
  }

  /** Parses files, or takes over what is known of them; a fault is among the problems, and its file left out. */
  *#read(paths: Iterable<string>): Generator<void, Map<string, YamlDocument>> {
    const before = this.#before && {
      files: this.#previous!.files,
      documents: this.#before.documents,
    };
    const read = new Map<string, YamlDocument>();
    const all = [...paths];
    for (let at = 0; at < all.length; at += STEP) {
      const { documents, problems } = readDocuments(all.slice(at, at + STEP), this.#files, before);
      this.#problems.push(...problems);
      for (const [path, document] of documents) {
        this.#documents.set(path, document);
        read.set(path, document);
      }
      yield;
    }
    return read;
  }

  /** Whether a file says what it said in the plan before. */
  #isKnown(path: string): boolean {
    const document = this.#documents.get(path);
    return document !== undefined && document === this.#before?.documents.get(path);
  }

  *#settings(): Generator<void, Settings | undefined> {
    if (!this.#files.has(PLAN_FILE)) {
      const hint = 'it says what the plan is made of, and marks the folder that is the plan';
      this.#problems.push({ message: 'there is no plan.yaml', position: topOf(PLAN_FILE), hint });
      return undefined;
    }
    const document = (yield* this.#read([PLAN_FILE])).get(PLAN_FILE);
    if (!document) return undefined;
    if (this.#isKnown(PLAN_FILE)) return this.#before!.settings;
    const { settings, problems } = readSettings(document);
    this.#problems.push(...problems);
    return settings;
  }

  *#layers(paths: readonly string[]): Generator<void, Map<string, YamlDocument>> {
    const layers = yield* this.#read(paths);
    for (const [path, { root }] of layers) {
      if (!this.#isKnown(path)) this.#problems.push(...paramProblems(root));
    }
    return layers;
  }

  *#stacks(layout: Layout): Generator<void, Map<string, StackDefinition>> {
    const stacks = new Map<string, StackDefinition>();
    for (const [name, paths] of layout.stacks) {
      const known = this.#previous?.stacks.get(name);
      const file = `stacks/${name}/stack.yaml`;
      if (!this.#files.has(file)) {
        const hint = 'it says which playbooks there are; without it the folder is no stack';
        this.#problems.push({ message: `there is no ${file}`, position: topOf(file), hint });
        continue;
      }
      const document = (yield* this.#read([file])).get(file);
      if (!document) continue;
      if (known && this.#sameFolder(this.#before?.layout.stacks.get(name), paths)) {
        stacks.set(name, known);
        continue;
      }
      const { stack, problems } = readStack(name, document, paths, this.#files);
      this.#problems.push(...problems, ...nameProblem('stack', name, file));
      if (stack) stacks.set(name, stack);
    }
    return stacks;
  }

  #sameFolder(before: readonly string[] | undefined, paths: readonly string[]): boolean {
    if (before !== paths && before?.join('\n') !== paths.join('\n')) return false;
    return paths.every((path) => {
      const [file, other] = [this.#files.get(path)!, this.#previous!.files.get(path)!];
      return file === other || (file.hash === other.hash && file.mode === other.mode);
    });
  }

  *#sites(layout: Layout): Generator<void, Map<string, SiteDefinition>> {
    // With the same paths, the sites are the same but for those whose file changed.
    const same = layout === this.#before?.layout;
    const sites = new Map<string, SiteDefinition>(same ? this.#previous!.sites : []);
    if (!same) this.#problems.push(...(yield* siteNameProblems(layout.sites)));
    yield;
    const paths = same ? this.#changed : layout.sites.keys();
    const own = [...paths].filter((path) => layout.sites.has(path));
    const documents = yield* this.#read(own);
    for (const [path, document] of documents) {
      const name = layout.sites.get(path)!;
      const known = this.#isKnown(path) ? this.#previous!.sites.get(name) : undefined;
      const read = known ? { site: known, problems: [] } : readSite(name, document);
      this.#problems.push(...read.problems);
      if (read.site && (same || !sites.has(name))) sites.set(name, read.site);
      else if (same) sites.delete(name);
      if (sites.size % STEP === 0) yield;
    }
    // A file that cannot be read makes no site.
    if (same)
      for (const path of own) if (!documents.has(path)) sites.delete(layout.sites.get(path)!);
    return sites;
  }

  *#overlays(layout: Layout): Generator<void, Map<string, SiteOverlay>> {
    const overlays = new Map<string, SiteOverlay>();
    for (const [site, paths] of layout.overlays) {
      const absent = absentFile(site);
      const document = this.#files.has(absent)
        ? (yield* this.#read([absent])).get(absent)
        : undefined;
      const { overlay, problems } = readOverlay(site, paths, document);
      this.#problems.push(...problems);
      overlays.set(site, overlay);
    }
    return overlays;
  }

  /** Whether all that a site can refer to, other sites' stacks apart, is as it was in the valid plan before. */
  #sameNames(
    layout: Layout,
    settings: Settings | undefined,
    stacks: ReadonlyMap<string, StackDefinition>,
  ): boolean {
    const before = this.#before;
    return (
      before !== undefined &&
      layout === before.layout &&
      settings === before.settings &&
      stacks.size === this.#previous!.stacks.size &&
      // Of a stack, others refer to what its own file says.
      stacks
        .values()
        .every(({ name, document }) => document === this.#previous!.stacks.get(name)?.document) &&
      layerPaths(layout, settings.layers).every((path) => this.#documents.has(path))
    );
  }

  /** @returns sites with a fault that would show again, less clearly, in their merged parameters */
  *#references(
    layout: Layout,
    settings: Settings | undefined,
    stacks: ReadonlyMap<string, StackDefinition>,
    sites: ReadonlyMap<string, SiteDefinition>,
  ): Generator<void, Set<string>> {
    // A file that cannot be read still has its name: what refers to it is not at fault.
    const named = {
      sites: new Set(layout.sites.values()),
      stacks: new Set(layout.stacks.keys()),
    };
    const layers = settings?.layers ?? [];
    const labels = layerLabels(layers);
    const doubtful = new Set<string>();
    const settled = this.#sameNames(layout, settings, stacks);
    let looked = 0;
    for (const site of sites.values()) {
      // It was right, and but for imports nothing that it refers to can have changed.
      if (settled && !this.#changed.has(site.file) && !hasImports(site)) continue;
      looked += 1;
      if (looked % STEP === 0) yield;
      const problems = siteReferences(site, { labels, stacks, sites, named });
      this.#problems.push(...problems);
      const unread = layerFiles({ layers }, site).some(
        (file) => this.#files.has(file) && !this.#documents.has(file),
      );
      if (problems.length > 0 || unread) doubtful.add(site.name);
    }
    for (const stack of stacks.values())
      this.#problems.push(...stackReferences(stack, named, stacks));
    this.#problems.push(...importCycles(sites, stacks), ...stackCycles(stacks));
    for (const [site, [first]] of layout.overlays) {
      if (named.sites.has(site)) continue;
      const message = `there is no site ${quoted(site)} to overlay`;
      this.#problems.push({ message, position: topOf(first!), ...nearest(site, named.sites) });
    }
    return doubtful;
  }

  /** Sites of which the parameters, or the schemas that these are held against, can be others than before. */
  #reparametrized(plan: Plan): Iterable<string> {
    const previous = this.#previous;
    if (!previous) return plan.sites.keys();
    const changed = changedSites(previous, plan);
    const sameSchemas =
      previous.stacks.size === plan.stacks.size &&
      plan.stacks.entries().every(([name, { parameters }]) => {
        const other = previous.stacks.get(name);
        return other !== undefined && other.parameters === parameters;
      });
    const sameLayers =
      previous.layers === plan.layers &&
      previous.merge === plan.merge &&
      this.#changed.values().every((path) => /^(?:stacks|sites|overlays)\//.test(path));
    if (!sameSchemas || !sameLayers) return changed;
    return changed.values().filter((name) => {
      const site = plan.sites.get(name);
      return site !== undefined && site !== previous.sites.get(name);
    });
  }

  *#parameters(plan: Plan, doubtful: ReadonlySet<string>): Generator<void, void> {
    const names = [...this.#reparametrized(plan)].filter(
      (name) => plan.sites.has(name) && !doubtful.has(name),
    );
    const isBounded = plan.stacks.values().some(hasPatterns);
    for (let at = 0; at < names.length; at += isBounded ? STEP : 1) {
      if (isBounded) {
        // One limit for several sites, which costs less; if they need more, each has its own.
        const some = names.slice(at, at + STEP);
        const found =
          withinTime(() => ({
            problems: some.flatMap((name) => parameterProblems(plan, name)),
            ended: false,
          }))?.[0] ?? boundedProblems(plan, some);
        this.#problems.push(...found.problems);
        // The next site would take as long.
        if (found.ended) return;
      } else this.#problems.push(...parameterProblems(plan, names[at]!));
      yield;
    }
  }
}

/** Whether a stack's schema has patterns, which can take for ever with some texts. */
function hasPatterns({ schema }: StackDefinition): boolean {
  return schema !== undefined && JSON.stringify(schema).includes('"pattern');
}

/** Site by site, until one has to be ended. */
function boundedProblems(
  plan: Plan,
  names: readonly string[],
): { problems: Problem[]; ended: boolean } {
  const problems: Problem[] = [];
  for (const name of names) {
    const found = withinTime(() => parameterProblems(plan, name));
    if (!found) {
      const { file, stacks } = plan.sites.get(name)!;
      const of = stacks.length === 1 ? `stack ${quoted(stacks[0]!)}` : 'its stacks';
      const message = `to hold the parameters of site ${quoted(name)} against the schema of ${of} takes too long`;
      const hint =
        'a pattern in the schema is the likely cause: write it without nested repetitions';
      return { problems: [...problems, { message, position: topOf(file), hint }], ended: true };
    }
    problems.push(...found[0]);
  }
  return { problems, ended: false };
}

function hasImports({ imports }: SiteDefinition): boolean {
  return Object.keys(imports).length > 0;
}
