import type { SourceChange } from '../changes.ts';
import type { SourceEdit } from '../inverse/solve-expression.ts';
import type { Candidate } from './candidate.ts';
import { fixedText, literalOf, NewParams, ownParam, ownValue, subjectOf } from './new-params.ts';
import { isPlain, placesOf, sourceOf, startsLine } from './places.ts';
import { rewrittenOf, type Rewritten } from './readings.ts';
import { linesOf, type Region } from './regions.ts';
import type { Part, TracedText } from './traced-text.ts';
import { candidatesFor, type Wanted } from './values.ts';

/** What it costs to change a template rather than a value; a way that few would write by hand costs more. */
const COST = { decouple: 15, own: 25, shared: 30, block: 40 };

/** Names in a note, and of a line (characters). */
const MAX_SHOWN = 40;

/**
 * Reads a region as other text of the template: with a parameter of the site's own that has the old text for its
 * default, or changed for all sites that render the template.
 */
export function templateCandidates(
  traced: TracedText,
  region: Region,
  parts: readonly Part[] | undefined,
  reasons: Set<string>,
): Candidate[] {
  if (region.text.includes('\r')) return [];
  if (region.start === region.end) return cameCandidates(traced, region);
  if (region.text === '') return wentCandidates(traced, region);
  return [
    ...(parts ? rewrittenCandidates(traced, region, parts, reasons) : []),
    ...blockCandidates(traced, region),
  ];
}

/** Lines that came. */
function cameCandidates(traced: TracedText, region: Region): Candidate[] {
  const { text, line } = region;
  const about = subjectOf(text, text.indexOf('\n')) === undefined ? `line_${line}` : 'extra';
  return placesOf(traced, region.start).flatMap(({ file, at, turns }): Candidate[] => {
    const says = `${count(text)} new at line ${line}`;
    const shared: Candidate = {
      kind: 'shared',
      changes: [],
      edits: [{ file, start: at, end: at, text: fixedText(text) }],
      cost: COST.shared,
      says,
    };
    const lines = linesOf(text).map((one) => ownValue('', one.replace(/\n$/, '')));
    const isWhole = text.endsWith('\n') && startsLine(traced.source(file), at);
    const values = lines.filter((one) => one !== undefined);
    if (!isWhole || values.length < lines.length) return [shared];
    const name = new NewParams(traced).name(about);
    const param = ownParam(name, values, turns);
    if (!param) return [shared];
    const block = `{% for line in ${param.reference} | default([]) %}\n{{ line }}\n{% endfor %}\n`;
    const own: Candidate = {
      kind: 'own',
      changes: [param.change],
      edits: [{ file, start: at, end: at, text: block }],
      cost: COST.own,
      says: `${says}, the parameter ${name} of this site`,
    };
    return [own, shared];
  });
}

/** Lines that went. */
function wentCandidates(traced: TracedText, region: Region): Candidate[] {
  const range = sourceOf(traced, region);
  if (!range) return [];
  const { file, start, end, turns } = range;
  const gone = traced.text.slice(region.start, region.end);
  const says = `${shown(gone)} taken out`;
  const edit = { file, start, end, text: '' };
  const shared: Candidate = { kind: 'shared', changes: [], edits: [edit], cost: COST.shared, says };
  const source = traced.source(file);
  if (!startsLine(source, start) || !startsLine(source, end)) return [shared];
  const name = new NewParams(traced).name(
    subjectOf(gone, gone.indexOf(' ')) ?? `line_${region.line}`,
  );
  const param = ownParam(name, false, turns);
  if (!param) return [shared];
  const own: Candidate = {
    kind: 'own',
    changes: [param.change],
    edits: [
      { file, start, end: start, text: `{% if ${param.reference} | default(true) %}\n` },
      { file, start: end, end, text: '{% endif %}\n' },
    ],
    cost: COST.own,
    says: `${says}, switched off by the parameter ${name} of this site`,
  };
  return [own, shared];
}

/** Whole lines that read otherwise now, whatever made them. */
function blockCandidates(traced: TracedText, region: Region): Candidate[] {
  const range = sourceOf(traced, region);
  if (!range) return [];
  const { file, start, end, turns } = range;
  const says = `${shown(traced.text.slice(region.start, region.end))} → ${shown(region.text)}`;
  const edit = { file, start, end, text: fixedText(region.text) };
  const shared: Candidate = { kind: 'shared', changes: [], edits: [edit], cost: COST.block, says };
  const source = traced.source(file);
  const value = ownValue('', region.text.replace(/\n$/, ''));
  const isWhole =
    startsLine(source, start) && startsLine(source, end) && region.text.endsWith('\n');
  if (!isWhole || value === undefined) return [shared];
  const name = new NewParams(traced).name(
    subjectOf(region.text, region.text.length) ?? `line_${region.line}`,
  );
  const param = ownParam(name, value, turns);
  if (!param) return [shared];
  const { reference } = param;
  const own: Candidate = {
    kind: 'own',
    changes: [param.change],
    edits: [
      {
        file,
        start,
        end: start,
        text: `{% if ${reference} is defined %}\n{{ ${reference} }}\n{% else %}\n`,
      },
      { file, start: end, end, text: '{% endif %}\n' },
    ],
    cost: COST.block,
    says: `${says}, the parameter ${name} of this site`,
  };
  return [own, shared];
}

/** A way to make one stretch of a line read otherwise. */
interface Step {
  changes: SourceChange[];
  edits: SourceEdit[];
  cost: number;
  says: string;
}

/** Parts of lines that read otherwise now: fixed text, values, or text between them. */
function rewrittenCandidates(
  traced: TracedText,
  region: Region,
  parts: readonly Part[],
  reasons: Set<string>,
): Candidate[] {
  const stretches = parts.map(({ leaf, text }) => ({ text, free: leaf.kind === 'hole' }));
  const groups = rewrittenOf(stretches, region.text);
  const values = groups.flatMap(({ first, last, text }) => {
    const { leaf, turns } = parts[first] ?? {};
    return first === last && leaf?.kind === 'hole' ? [{ hole: leaf, turns, text }] : [];
  });
  const rest = groups.filter(
    ({ first, last }) => first !== last || parts[first]!.leaf.kind !== 'hole',
  );
  const candidates: Candidate[] = [];
  const solved = values.length === 0 ? undefined : candidatesFor(traced, values, reasons);
  for (const kind of ['own', 'shared'] as const) {
    const names = new NewParams(traced);
    const texts = rest.map((group) => rewritten(traced, region, parts, group, names, kind));
    const steps = texts.filter((step) => step !== undefined);
    if (steps.length < rest.length) continue;
    if (rest.length > 0) {
      for (const value of solved?.slice(0, 2) ?? [undefined])
        candidates.push(sum(kind, steps, value));
    }
    if (values.length === 0) continue;
    const decoupled = values
      .map((value) => decouple(traced, value, names))
      .filter((step) => step !== undefined);
    if (decoupled.length === values.length) candidates.push(sum(kind, [...steps, ...decoupled]));
  }
  return candidates;
}

function sum(kind: Candidate['kind'], steps: readonly Step[], value?: Candidate): Candidate {
  const all = value ? [...steps, { ...value, says: '' }] : steps;
  return {
    kind: value?.kind === 'shared' ? 'shared' : kind,
    changes: all.flatMap(({ changes }) => changes),
    edits: all.flatMap(({ edits }) => edits),
    cost: all.reduce((total, { cost }) => total + cost, 0),
    says: steps.map(({ says }) => says).join('; '),
    ...(value?.note ? { note: value.note } : {}),
  };
}

/** Fixed text, or several stretches at once, replaced. */
function rewritten(
  traced: TracedText,
  region: Region,
  parts: readonly Part[],
  group: Rewritten,
  names: NewParams,
  kind: 'own' | 'shared',
): Step | undefined {
  const { first, last, was, text } = group;
  const range = rangeOf(parts, first, last);
  if (!range) return undefined;
  const offset = parts.slice(0, first).reduce((at, part) => at + part.text.length, region.start);
  const isFixed = parts.slice(first, last + 1).every(({ leaf }) => leaf.kind === 'literal');
  const { before, behind } = isFixed && first === last ? common(was, text) : NOTHING;
  const says = `${shown(was)} → ${shown(text)}`;
  if (kind === 'shared') {
    const edit = {
      file: range.file,
      start: range.start + before,
      end: range.end - behind,
      text: fixedText(text.slice(before, text.length - behind)),
    };
    return { changes: [], edits: [edit], cost: COST.shared, says };
  }
  if (!isFixed || first < last) return undefined;
  const [from, to] = toWords(was, before, was.length - behind);
  const old = was.slice(from, to);
  const now = text.slice(from, text.length - (was.length - to));
  const value = ownValue(old, now);
  if (value === undefined || old.includes('\n')) return undefined;
  const subject = subjectOf(traced.text, offset + from) ?? subjectOf(old, old.length);
  const about = subject ?? `line_${region.line}`;
  const name = names.name(old === '' ? `${about}_extra` : about);
  const param = ownParam(name, value, parts[first]?.turns ?? parts[last]?.turns);
  if (!param) return undefined;
  const edit = {
    file: range.file,
    start: range.start + from,
    end: range.start + to,
    text: `{{ ${param.reference} | default(${literalOf(old)}) }}`,
  };
  return {
    changes: [param.change],
    edits: [edit],
    cost: COST.own,
    says: `${shown(old)} → ${shown(now)}, the parameter ${name} of this site`,
  };
}

const NOTHING = { before: 0, behind: 0 };

/** This use of a value gets a parameter of its own, which is the old value unless the site says otherwise. */
function decouple(
  traced: TracedText,
  { hole, turns, text }: Wanted & Pick<Part, 'turns'>,
  names: NewParams,
): Step | undefined {
  const was = traced.text.slice(hole.output.start, hole.output.end);
  const value = ownValue(was, text);
  if (value === undefined || text === '') return undefined;
  const written = traced.written(hole);
  const name = names.name(
    subjectOf(traced.text, hole.output.start) ?? subjectOf(written, written.length) ?? 'value',
  );
  const param = ownParam(name, value, turns);
  if (!param) return undefined;
  const { file } = hole.template;
  const { start, end } = hole.expression;
  return {
    changes: [param.change],
    edits: [{ file, start, end, text: `${param.reference} | default(${written})` }],
    cost: COST.decouple,
    says: `${shown(was)} → ${shown(text)} in this place alone, the parameter ${name} of this site`,
  };
}

/** The stretch of a template that neighbouring parts stand in; an empty one between parts for `last < first`. */
function rangeOf(
  parts: readonly Part[],
  first: number,
  last: number,
): { file: string; start: number; end: number } | undefined {
  if (last < first) {
    const [before, behind] = [parts[first - 1]?.leaf, parts[first]?.leaf];
    if (behind && behind.kind !== 'opaque') {
      const { file, start } = behind.template;
      return { file, start, end: start };
    }
    if (!before || before.kind === 'opaque') return undefined;
    const { file, end } = before.template;
    return { file, start: end, end };
  }
  const ranges = parts.slice(first, last + 1).map(({ leaf, skipped, text }) => {
    if (leaf.kind === 'opaque') return undefined;
    if (leaf.kind === 'hole') return leaf.template;
    if (!isPlain(leaf)) return undefined;
    const start = leaf.template.start + skipped;
    return { file: leaf.template.file, start, end: start + text.length };
  });
  const [one] = ranges;
  if (!one || ranges.some((range) => range?.file !== one.file)) return undefined;
  const { end } = ranges.at(-1)!;
  return end < one.start ? undefined : { file: one.file, start: one.start, end };
}

/** How many characters two texts begin and end with alike. */
function common(was: string, text: string): { before: number; behind: number } {
  const most = Math.min(was.length, text.length);
  let before = 0;
  while (before < most && was[before] === text[before]) before += 1;
  let behind = 0;
  while (behind < most - before && was.at(-1 - behind) === text.at(-1 - behind)) behind += 1;
  return { before, behind };
}

/** A stretch of a text widened to whole words, so that the parameter that it becomes makes sense by itself. */
function toWords(text: string, from: number, to: number): [from: number, to: number] {
  const isWord = (at: number): boolean => /[\p{L}\p{N}_./:@-]/u.test(text[at] ?? ' ');
  let [start, end] = [from, to];
  while (start > 0 && isWord(start - 1)) start -= 1;
  while (end < text.length && isWord(end)) end += 1;
  return [start, end];
}

function shown(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  if (line === '') return text === '' ? 'nothing' : 'white space';
  return `"${line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line}"`;
}

function count(text: string): string {
  const { length } = linesOf(text);
  return length === 1 ? shown(text) : `${length} lines`;
}
