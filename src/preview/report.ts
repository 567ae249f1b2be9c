import type { PreviewFailure, PreviewGroup, PreviewReport, Removal } from '../model/preview.ts';
import { compareProblems, compareText, formatProblem, type Problem } from '../model/problem.ts';
import { tooMuch } from '../plan/removals.ts';
import type { JobResult, SiteOutcome } from '../render/worker/untrusted-renderer.ts';

/** What is kept of a report: groups, faults of each kind, and characters of all diffs. */
const MAX_GROUPS = 500;
const MAX_FAILURES = 200;
const MAX_DIFFS = 1024 * 1024;

/** Digest of each site's tree that was shown: null for a site that goes. */
export type ShownDigests = ReadonlyMap<string, string | null>;

/**
 * What a pull request would change, from what became of rendering its merge. Depends on nothing but the result.
 * @param share of the plan (from 0 to 1) that a revision may remove without being held
 */
export function reportOf(result: JobResult, share: number): PreviewReport {
  const changed = result.sites.filter(isChanged);
  const { groups, cut } = bounded(groupsOf(changed, result));
  const failing = failuresOf(result.sites.filter(({ problems }) => problems.length > 0));
  const waiting = result.sites.flatMap(({ site, waitsFor }) =>
    waitsFor === undefined ? [] : [{ site, waitsFor }],
  );
  const named = (which: (site: SiteOutcome) => boolean): string[] =>
    changed.filter(which).map(({ site }) => site);
  return {
    problems: result.problems.toSorted(compareProblems).slice(0, MAX_FAILURES),
    total: result.total,
    changed: changed.length,
    added: named(({ baseDigest }) => baseDigest === null),
    removed: named(({ digest }) => digest === null),
    failing: failing.slice(0, MAX_FAILURES),
    ...(waiting.length > 0 ? { waiting: waiting.slice(0, MAX_FAILURES) } : {}),
    groups,
    removals: tooMuch(result.removals, share),
    cut: cut || failing.length > MAX_FAILURES,
  };
}

/** A report of what could not even be rendered. */
export function reportOfFaults(problems: Problem[], removals: Removal[] = []): PreviewReport {
  return {
    problems,
    total: 0,
    changed: 0,
    added: [],
    removed: [],
    failing: [],
    groups: [],
    removals,
    cut: false,
  };
}

/** The digests that a report shows, of the sites at which something changes. */
export function digestsOf(result: JobResult): Map<string, string | null> {
  return new Map(result.sites.filter(isChanged).map(({ site, digest }) => [site, digest]));
}

function isChanged({ digest, baseDigest, problems, waitsFor }: SiteOutcome): boolean {
  return problems.length === 0 && waitsFor === undefined && digest !== baseDigest;
}

function groupsOf(changed: readonly SiteOutcome[], { differences }: JobResult): PreviewGroup[] {
  const groups = new Map<string, SiteOutcome[]>();
  for (const outcome of changed) {
    if (outcome.digest === null || outcome.baseDigest === null) continue;
    const key = outcome.differences.join();
    const group = groups.get(key);
    if (group) group.push(outcome);
    else groups.set(key, [outcome]);
  }
  return [...groups.values()]
    .map((outcomes) => ({
      sites: outcomes.map(({ site }) => site).toSorted(compareText),
      files: outcomes[0]!.differences.map((index) => differences[index]!),
    }))
    .toSorted((a, b) => b.sites.length - a.sites.length || compareText(a.sites[0]!, b.sites[0]!));
}

/** What is kept of a flood of groups, and of long diffs. */
function bounded(all: PreviewGroup[]): { groups: PreviewGroup[]; cut: boolean } {
  let room = MAX_DIFFS;
  const groups = all.slice(0, MAX_GROUPS).map(({ sites, files }) => ({
    sites,
    files: files.map((file) => {
      room -= file.patch.length;
      return room < 0 ? { ...file, patch: '', cut: true } : file;
    }),
  }));
  return { groups, cut: all.length > MAX_GROUPS || room < 0 };
}

function failuresOf(failing: readonly SiteOutcome[]): PreviewFailure[] {
  const failures = new Map<string, PreviewFailure>();
  for (const { site, problems } of failing) {
    const key = problems.map(formatProblem).join('\n');
    const failure = failures.get(key);
    if (failure) failure.sites.push(site);
    else failures.set(key, { problems, sites: [site] });
  }
  return [...failures.values()].toSorted((a, b) => b.sites.length - a.sites.length);
}

/** What a group's sites have in common, in a few words that name no value: parameters, else files. */
export function subjectsOf({ files }: PreviewGroup): string[] {
  const params = new Set(files.flatMap((file) => file.params));
  const others = files.filter((file) => file.params.length === 0).map(({ path }) => path);
  return params.size > 0 ? [...params].toSorted(compareText) : others;
}

/** Whether everything renders. */
export function renders({ problems, failing }: PreviewReport): boolean {
  return problems.length === 0 && failing.length === 0;
}

/** Why what a preview shows may not be run at hosts, in words that go on from "but"; undefined if it may. */
export function whyUnchecked(report: PreviewReport): string | undefined {
  return renders(report)
    ? undefined
    : 'its preview is red: what does not render there is not run anywhere';
}

/** `27 of 120 sites change`, or the first fault with its place. */
export function summaryOf(report: PreviewReport): string {
  const { problems, failing, changed, total, removed } = report;
  const first = problems[0] ?? failing[0]?.problems[0];
  if (first) {
    const sites = failing.reduce((sum, failure) => sum + failure.sites.length, 0);
    const more =
      problems.length > 1
        ? ` (and ${problems.length - 1} more)`
        : sites > 0
          ? ` (${sites} ${sites === 1 ? 'site does' : 'sites do'} not render)`
          : '';
    // The place and the beginning of what is wrong are what matters where it has to be cut.
    const text = formatProblem({ ...first, hint: '' });
    return text.length + more.length <= 140 ? text + more : text;
  }
  if (changed === 0) return `none of ${total} sites changes`;
  const going = removed.length > 0 ? `, ${removed.length} of them go` : '';
  return `${changed} of ${Math.max(total, changed)} ${total === 1 ? 'site changes' : 'sites change'}${going}`;
}
