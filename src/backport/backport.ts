import { messageOf, UserError } from '../model/errors.ts';
import type {
  BackportProposal,
  BackportResult,
  Placement,
  PlacementChoice,
  PlanEdit,
} from '../model/proposal.ts';
import { Redactor } from '../model/redact.ts';
import { changedPaths, type SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { secretValuesIn } from '../plan/secrets.ts';
import { applyEdits, type YamlOperation } from '../plan/yaml/edit.ts';
import type { YamlDocument } from '../plan/yaml/node.ts';
import { sameNode } from '../plan/yaml/value.ts';
import { renderSite } from '../render/render.ts';
import { PARAMS_FILE } from './changed-params.ts';
import { type FileReading, readFileEdit, type SourceChange } from './file-edits.ts';
import { contentPatch, overlayEdits } from './overlay.ts';
import { NoPlace, operationsFor, originIsSite, placeChange } from './place.ts';
import { overlayTitle, paramsTitle } from './title.ts';
import { unspeakablePaths } from './unspeakable.ts';
import { blastRadius, explainedPaths, tryEdits } from './verify.ts';

export interface BackportRequest {
  plan: Plan;
  /** Commit of the plan, for the record; empty where the plan is a folder. */
  revision: string;
  site: string;
  /** The tree found at the site. */
  observed: SiteTree;
  /** Where parameter changes go: at the origin of the value, at the site alone, or where it fits best. */
  place: PlacementChoice;
}

/** What the edited files say, as far as it can be told in terms of the plan's parameters. */
interface Readings {
  /** Path → the parameter changes that would explain it. */
  changes: Map<string, SourceChange[]>;
  /** Path → why no parameter change explains it. */
  reasons: Map<string, string>;
}

/**
 * Works backwards: finds the edits of the plan that would have rendered the tree found at a site. Every claim is
 * proved by rendering again (law 3); what no parameter explains is kept as an overlay of that site (law 4); what
 * may not be proposed at all is listed with its reason. Without an edit there is no proposal (law 2).
 * @throws InvalidInput if the plan does not render at the site
 */
export function backport(request: BackportRequest): BackportResult {
  const { plan, revision, site, observed, place } = request;
  const desired = renderSite(plan, site).tree;
  const refused = unspeakablePaths(plan, site, desired, observed);
  const unexplained = [...refused].map(([path, reason]) => ({ path, reason }));
  const paths = changedPaths(desired, observed).filter((path) => !refused.has(path));
  const readings = readEdits(plan, site, desired, observed, paths);

  const [first, second]: Placement[] = place === 'origin' ? ['origin', 'site'] : ['site', 'origin'];
  const recommended = explainByParams(request, readings, first!);
  const explained = new Set(recommended?.explains);
  const rest = paths.filter((path) => !explained.has(path));
  const overlay = explainByOverlay(request, rest, readings.reasons);
  const alternative =
    recommended && differsByPlace(request, readings)
      ? explainByParams(request, readings, second!)
      : undefined;
  const redactor = new Redactor(secretValuesIn(plan, site, desired));
  const proposals = [recommended, overlay, alternative]
    .filter((one) => one !== undefined)
    .map((one) => redacted(one, redactor));
  if (!overlay) {
    for (const path of rest)
      unexplained.push({ path, reason: readings.reasons.get(path) ?? 'no overlay can hold it' });
  }
  return { site, revision, proposals, unexplained };
}

/** The same proposal with no secret in what people are shown of it. */
function redacted(proposal: BackportProposal, redactor: Redactor): BackportProposal {
  return {
    ...proposal,
    title: redactor.redact(proposal.title),
    edits: proposal.edits.map((edit) => ({ ...edit, patch: redactor.redact(edit.patch) })),
    notes: proposal.notes.map((note) => redactor.redact(note)),
  };
}

function readEdits(
  plan: Plan,
  site: string,
  desired: SiteTree,
  observed: SiteTree,
  paths: readonly string[],
): Readings {
  const readings: Readings = { changes: new Map(), reasons: new Map() };
  for (const path of paths) {
    const reading: FileReading = readFileEdit(
      plan,
      site,
      path,
      desired.get(path),
      observed.get(path),
    );
    if ('reason' in reading) readings.reasons.set(path, reading.reason);
    else readings.changes.set(path, reading.changes);
  }
  return readings;
}

/**
 * The parameter changes of all readings, made in the plan and proved. Paths that turn out not to be explained
 * are left out one after another until all that is claimed holds.
 */
function explainByParams(
  request: BackportRequest,
  readings: Readings,
  placement: Placement,
): BackportProposal | undefined {
  const { plan, site, observed } = request;
  const claimed = new Map(readings.changes);
  while (claimed.size > 0) {
    const { changes, contradicted } = gather(claimed);
    let failed: string[] = contradicted;
    if (failed.length === 0) {
      const made = makeEdits(plan, site, changes, placement);
      const trial = 'reason' in made ? made : { ...made, ...tryEdits(plan, site, made.edits) };
      if ('reason' in trial) {
        // One path's change must not cost the others theirs: without the last one it may do.
        failed = [[...claimed.keys()].at(-1)!];
        readings.reasons.set(failed[0]!, trial.reason);
      } else {
        const explains = explainedPaths(trial.tree, observed, [...claimed.keys()]);
        failed = [...claimed.keys()].filter((path) => !explains.includes(path));
        if (failed.length === 0) return finish(request, changes, trial, explains, placement);
      }
    }
    for (const path of failed) {
      claimed.delete(path);
      if (!readings.reasons.has(path)) {
        readings.reasons.set(path, 'no value of its parameters renders it as it was found');
      }
    }
  }
  return undefined;
}

/** All changes, each once; and the paths whose change says otherwise than an earlier one of the same place. */
function gather(claimed: ReadonlyMap<string, SourceChange[]>): {
  changes: SourceChange[];
  contradicted: string[];
} {
  const byPlace = new Map<string, SourceChange>();
  const contradicted: string[] = [];
  for (const [path, changes] of claimed) {
    for (const change of changes) {
      const key = JSON.stringify([change.source, change.base, change.change.path]);
      const known = byPlace.get(key);
      if (!known) byPlace.set(key, change);
      else if (!sameChange(known, change)) contradicted.push(path);
    }
  }
  return { changes: [...byPlace.values()], contradicted };
}

function sameChange(a: SourceChange, b: SourceChange): boolean {
  if (a.change.kind === 'delete' || b.change.kind === 'delete')
    return a.change.kind === b.change.kind;
  return sameNode(a.change.after, b.change.after);
}

interface MadeEdits {
  edits: PlanEdit[];
  notes: string[];
}

function makeEdits(
  plan: Plan,
  site: string,
  changes: readonly SourceChange[],
  placement: Placement,
): MadeEdits | { reason: string } {
  const operations = new Map<string, YamlOperation[]>();
  const notes: string[] = [];
  try {
    for (const change of changes) {
      const placed =
        change.source === 'params'
          ? placeChange(plan, site, change.change, placement)
          : {
              file: plan.sites.get(site)!.file,
              operations: operationsFor(change.change, [...change.base, ...change.change.path]),
              notes: [],
            };
      operations.set(placed.file, [...(operations.get(placed.file) ?? []), ...placed.operations]);
      notes.push(...placed.notes);
    }
    const edits = [...operations].map(([file, list]): PlanEdit => {
      const document = documentOf(plan, file);
      const { text } = applyEdits(document, list);
      const content = Buffer.from(text);
      const mode = plan.files.get(file)!.mode;
      return {
        file,
        content,
        mode,
        patch: contentPatch(file, Buffer.from(document.text), content),
      };
    });
    return { edits, notes };
  } catch (error) {
    if (error instanceof NoPlace || error instanceof UserError) return { reason: messageOf(error) };
    throw error;
  }
}

function documentOf(plan: Plan, file: string): YamlDocument {
  const document =
    plan.layerDocuments.get(file) ??
    [...plan.sites.values()].find((site) => site.file === file)?.document;
  if (!document) throw new NoPlace(`${file} is no layer and no site`);
  return document;
}

function finish(
  { plan, site, observed }: BackportRequest,
  changes: readonly SourceChange[],
  made: MadeEdits & { plan: Plan },
  explains: string[],
  placement: Placement,
): BackportProposal {
  const radius = blastRadius(plan, made.plan);
  const here = radius.find((one) => one.site === site)?.files ?? [];
  const mirrors = here.filter((path) => path === PARAMS_FILE && !explains.includes(path));
  const propagates = here.filter((path) => path !== PARAMS_FILE && !explains.includes(path));
  const notes = [...new Set(made.notes)];
  if (mirrors.length > 0) notes.push(`mirror: ${PARAMS_FILE} follows, as it holds all parameters`);
  const edited = propagates.filter((path) => observed.has(path));
  if (edited.length > 0) {
    notes.push(
      `propagates: ${edited.join(', ')} at ${site} would change too, and was not edited there`,
    );
  }
  const others = radius.filter((one) => one.site !== site).map((one) => one.site);
  if (others.length > 0) {
    const shown = others.slice(0, 10).join(', ');
    notes.push(
      `changes ${others.length} more ${others.length === 1 ? 'site' : 'sites'}, where nobody made the edit: ${shown}${others.length > 10 ? ', …' : ''}`,
    );
  }
  const siteFile = plan.sites.get(site)!.file;
  return {
    kind: 'param',
    placement: made.edits.every(({ file }) => file === siteFile) ? 'site' : placement,
    title: paramsTitle(site, changes),
    edits: made.edits,
    explains,
    blastRadius: radius,
    verified: true,
    notes,
  };
}

/** Whether the two placements are two: not where every change's origin is the site's own file. */
function differsByPlace({ plan, site }: BackportRequest, readings: Readings): boolean {
  const changes = [...readings.changes.values()].flat();
  return changes.some(
    ({ source, change }) => source === 'params' && !originIsSite(plan, site, change),
  );
}

function explainByOverlay(
  request: BackportRequest,
  paths: readonly string[],
  reasons: ReadonlyMap<string, string>,
): BackportProposal | undefined {
  const { plan, site, observed } = request;
  if (paths.length === 0) return undefined;
  const edits = overlayEdits(plan, site, observed, paths);
  const trial = tryEdits(plan, site, edits);
  if ('reason' in trial) return undefined;
  const explains = explainedPaths(trial.tree, observed, paths);
  if (explains.length < paths.length) return undefined;
  return {
    kind: 'overlay',
    placement: 'site',
    title: overlayTitle(site, paths),
    edits,
    explains,
    blastRadius: blastRadius(plan, trial.plan),
    verified: true,
    notes: paths.map(
      (path) =>
        `${path} is kept as it stands: ${reasons.get(path) ?? 'it is no rendered parameter'}`,
    ),
  };
}
