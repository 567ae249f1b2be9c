import { code, codes, count, fence, folded } from '../model/markdown.ts';
import type {
  FileDifference,
  PreviewCheck,
  PreviewGroup,
  PreviewReport,
} from '../model/preview.ts';
import { formatProblem } from '../model/problem.ts';
import { removalText } from '../plan/removals.ts';
import { renders, subjectsOf } from './report.ts';

/** What forges take is 65,536; the rest is for the hidden marker and for what comes last. */
const LIMIT = 65_536 - 2_000;
/** Characters of one group's diffs, and how much of the comment they may fill. */
const MAX_GROUP = 12_000;
const MAX_GROUPS = 60;
const MAX_FAULTS = 20;
const MAX_NAMES = 8;

export interface CommentFacts {
  report: PreviewReport;
  /** Commit of the pull request, and the branch that it goes to. */
  head: string;
  base: string;
  /** The page with everything. */
  url: string;
  check: PreviewCheck | null;
}

/**
 * The comment on a pull request, in Markdown, within what forges take. The same facts give the same text; nothing
 * that comes from the plan is markup in it.
 */
export function commentOf(facts: CommentFacts): string {
  const { report, head, base, url, check } = facts;
  const parts = new Parts(LIMIT);
  parts.add(`## ${renders(report) ? 'Preview' : 'This does not render'}: ${headline(report)}`);
  parts.add(
    `What merging ${code(head.slice(0, 12))} into ${code(base)} would change, rendered as it would be applied.`,
  );
  if (report.removals.length > 0) parts.add(removalWarning(report));
  const faults = faultLines(report);
  if (faults.length > 0) {
    parts.add(faults.slice(0, MAX_FAULTS).join('\n'));
    if (faults.length > MAX_FAULTS)
      parts.add(`and ${count(faults.length - MAX_FAULTS, 'fault')} more`);
  }
  const waiting = waitingLines(report);
  if (waiting.length > 0) parts.add(waiting.slice(0, MAX_FAULTS).join('\n'));
  for (const [what, names] of [
    ['come', report.added],
    ['go', report.removed],
  ] as const) {
    if (names.length > 0)
      parts.add(`**${count(names.length, 'site')} ${what}:** ${codes(names, MAX_NAMES)}`);
  }
  if (check) parts.add(checkText(check));
  const groups = report.groups.slice(0, MAX_GROUPS);
  // The largest come first; once not even the name of one fits, no other is tried.
  const full = groups.findIndex(
    (group) => !parts.add(groupText(group)) && !parts.add(groupHead(group)),
  );
  const left = report.groups.slice(full === -1 ? groups.length : full);
  const sites = left.reduce((sum, group) => sum + group.sites.length, 0);
  const rest =
    left.length > 0
      ? `${count(left.length, 'more kind')} of change, at ${count(sites, 'site')}, ${left.length === 1 ? 'is' : 'are'} left out here. `
      : '';
  return `${parts.text}\n\n${rest}[Everything on one page](${url})`;
}

function headline(report: PreviewReport): string {
  if (report.problems.length > 0) return count(report.problems.length, 'fault');
  const failing = report.failing.reduce((sum, { sites }) => sum + sites.length, 0);
  const same = Math.max(0, report.total - report.changed + report.removed.length - failing);
  const parts = [
    `${count(report.changed, 'site')} ${report.changed === 1 ? 'changes' : 'change'}`,
    `${same} ${same === 1 ? 'stays' : 'stay'} as ${same === 1 ? 'it is' : 'they are'}`,
  ];
  if (failing > 0) parts.push(`${failing} ${failing === 1 ? 'does' : 'do'} not render`);
  return parts.join(', ');
}

function removalWarning({ removals }: PreviewReport): string {
  return `> [!WARNING]\n> This removes ${removalText(removals)}. Once merged it is held until somebody confirms it with ${code('trueup confirm')}.`;
}

/** Nothing is wrong with these. */
function waitingLines({ waiting = [] }: PreviewReport): string[] {
  const byReason = Map.groupBy(waiting, ({ waitsFor }) => waitsFor);
  return [...byReason].map(
    ([reason, sites]) =>
      `- waits for ${code(reason)}: ${codes(
        sites.map(({ site }) => site),
        3,
      )}`,
  );
}

function faultLines({ problems, failing }: PreviewReport): string[] {
  return [
    ...problems.map((problem) => `- ${code(formatProblem(problem))}`),
    ...failing.flatMap((failure) =>
      failure.problems.map(
        (problem) => `- ${code(formatProblem(problem))} at ${codes(failure.sites, 3)}`,
      ),
    ),
  ];
}

/** `### 27 sites: ntp_servers`, and where. */
function groupHead(group: PreviewGroup): string {
  const title = `### ${count(group.sites.length, 'site')}: ${codes(subjectsOf(group), 5)}`;
  return `${title}\n\n${codes(group.sites, MAX_NAMES)}`;
}

function groupText(group: PreviewGroup): string {
  const diffs: string[] = [];
  let size = 0;
  for (const file of group.files) {
    const text = fileText(file);
    size += text.length;
    if (size > MAX_GROUP) break;
    diffs.push(text);
  }
  const left = group.files.length - diffs.length;
  if (left > 0) diffs.push(`${count(left, 'more file')}: see the page`);
  const secret = group.files.some((file) => file.secret) ? '\n\nA secret changes.' : '';
  return `${groupHead(group)}${secret}\n\n${folded(count(group.files.length, 'file'), diffs.join('\n\n'))}`;
}

/** A file's name, what becomes of it, and how. */
function fileText(file: FileDifference): string {
  const name = `${code(file.path)}${fileNote(file)}`;
  if (file.binary) return `${name}: a binary file`;
  if (file.patch === '') return file.cut ? `${name}: the diff is too long to be shown` : name;
  const rest = file.cut ? '\n\nThe rest of this diff is too long to be shown.' : '';
  return `${name}\n\n${fence('diff', file.patch)}${rest}`;
}

function fileNote({ before, after }: FileDifference): string {
  if (before === null) return ' comes';
  if (after === null) return ' goes';
  if (before === after) return '';
  return after === '100755' ? ' becomes executable' : ' is executable no more';
}

/** How hosts differ, as a check run says. */
function checkText({ state, askedBy, head, reason, sites, left }: PreviewCheck): string {
  const asked = `asked for by ${code(askedBy)} at ${code(head.slice(0, 12))}`;
  if (state === 'refused') return `### Check run: refused\n\n${reason}`;
  if (state === 'running') return `### Check run: under way\n\n${asked}`;
  const lines = sites.map(({ site, result, changed, failed, reason: why }) => {
    const told =
      result === 'success'
        ? `${count(changed, 'task')} would change something`
        : code(why || result);
    return `- ${code(site)}: ${told}${failed > 0 ? `, ${count(failed, 'task')} failed` : ''}`;
  });
  const rest =
    left > 0 ? `\n\n${count(left, 'more site')} that would change were not checked.` : '';
  return `### Check run on real hosts\n\n${asked}; nothing was changed\n\n${lines.join('\n')}${rest}`;
}

/** Paragraphs that are taken as long as there is room. */
class Parts {
  text = '';
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(part: string): boolean {
    const next = this.text === '' ? part : `${this.text}\n\n${part}`;
    if (next.length > this.#limit) return false;
    this.text = next;
    return true;
  }
}
