import type { Position } from '../../model/problem.ts';
import type {
  ExplainReport,
  FileReport,
  KeyReport,
  PieceReport,
  SourceReport,
  ValueReport,
} from '../../render/explain/types.ts';
import { count, type Output, styled, table } from '../output.ts';
import { visible } from '../visible.ts';

/** More leaves, uses or values than these are only counted. */
const MAX_ROWS = 100;

/** Tells people where a value or a line comes from. All texts of a plan are shown with nothing that steers terminals. */
export function tellExplained(report: ExplainReport, output: Output): void {
  if (output.json) return;
  if (report.kind === 'key') tellKey(report, output);
  else tellFile(report, output);
}

function tellKey({ site, value, uses, mentions, failed }: KeyReport, output: Output): void {
  const shown = value.value ?? 'not set';
  output.line(`${styled('bold', `${shownText(value.name)} at ${site}`)}: ${shownText(shown)}`);
  if (value.position) output.line(`  from ${at(value.position)}`);
  if (value.merge !== null) output.line(`  lists merge by plan.yaml: ${shownText(value.merge)}`);
  heading('Sources, highest first', output);
  rows(value.sources.map(sourceRow), output);
  if (value.leaves.length > 0) {
    heading('Made of', output);
    rows(
      value.leaves.map((leaf) => [leaf.name, leaf.value, at(leaf.position)]),
      output,
    );
  }
  if (!/^(?:host|group):/.test(value.name)) {
    heading('Read by', output);
    if (uses.length === 0) output.line('  no template that renders at this site');
    rows(
      uses.map(({ file, position, expression }) => [at(position), expression, `→ ${file}`]),
      output,
    );
  }
  if (mentions.length > 0) {
    heading('Mentioned in (the name stands there; that it is read is not proved)', output);
    rows(
      mentions.map(({ position, count: times }) => [at(position), count(times, 'time')]),
      output,
    );
  }
  if (failed.length > 0) {
    heading('Not known, for these templates do not render', output);
    rows(
      failed.map(({ file, reason }) => [file, reason]),
      output,
    );
  }
}

const STATES: Readonly<Record<SourceReport['state'], string>> = {
  wins: 'wins',
  joins: 'joins',
  unsets: 'unsets it',
  hides: 'hides what is below',
  shadowed: 'shadowed',
  silent: 'does not have it',
  missing: 'there is no such file',
};

function sourceRow({ kind, file, position, state, value }: SourceReport): string[] {
  const place = position ? at(position) : file;
  return [kind, place, STATES[state], value ?? ''];
}

const ORIGINS: Readonly<Record<FileReport['origin'], string>> = {
  template: 'rendered from',
  data: 'parameters, written by trueup',
  copied: 'copied from',
  overlay: "the site's own file, from its overlay:",
  trueup: 'written by trueup itself: no file of the plan gives it',
};

function tellFile(report: FileReport, output: Output): void {
  const { site, file, line, text, origin, position, pieces, values } = report;
  const name = `${shownText(file)}${line === null ? '' : `:${line}`} at ${site}`;
  output.line(styled('bold', name));
  const from = position ? ` ${line === null ? shownText(position.file) : at(position)}` : '';
  output.line(`  ${ORIGINS[origin]}${origin === 'data' && from ? ', from' : ''}${from}`);
  if (text !== null) output.line(`\n  ${styled('cyan', shownText(text))}`);
  if (pieces.length > 0) tellPieces(line === null ? withoutText(pieces) : pieces, output);
  if (line !== null && origin === 'data' && values.length === 0) {
    output.line('  no value stands on this line');
  }
  for (const value of line === null ? [] : values) tellValue(value, output);
  if (line !== null || values.length === 0) return;
  heading('Parameters', output);
  rows(
    values.map((value) => [value.name, value.value ?? 'not set', at(value.position)]),
    output,
  );
}

function withoutText(pieces: readonly PieceReport[]): PieceReport[] {
  return pieces.filter(({ kind }) => kind !== 'text');
}

function tellPieces(pieces: readonly PieceReport[], output: Output): void {
  heading('Pieces', output);
  rows(
    pieces.map(({ kind, depth, text, position, source, detail, reads }) => {
      const wrote = kind === 'text' || kind === 'value' ? JSON.stringify(text) : '';
      const what = [source, detail === null ? '' : `(${detail})`, readsOf(reads)];
      return [
        `${'  '.repeat(depth)}${kind}`,
        cut(wrote),
        at(position),
        what.filter((part) => part !== '').join(' '),
      ];
    }),
    output,
  );
}

function readsOf(reads: readonly ValueReport[]): string {
  return reads.length === 0 ? '' : `reads ${reads.map(({ name }) => name).join(', ')}`;
}

function tellValue(value: ValueReport, output: Output): void {
  heading(`${shownText(value.name)} = ${shownText(value.value ?? 'not set')}`, output);
  if (value.position) output.line(`  from ${at(value.position)}`);
  rows(
    value.sources.filter(({ state }) => state !== 'silent' && state !== 'missing').map(sourceRow),
    output,
  );
}

function heading(text: string, output: Output): void {
  output.line(`\n${styled('bold', text)}`);
}

function rows(cells: readonly (readonly string[])[], output: Output): void {
  if (cells.length === 0) return;
  const shown = cells.slice(0, MAX_ROWS).map((row) => row.map(shownText));
  for (const line of table(shown).split('\n')) output.line(`  ${line}`.trimEnd());
  if (cells.length > MAX_ROWS) output.line(`  … ${cells.length - MAX_ROWS} more`);
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function at(position: Position | null): string {
  return position ? `${shownText(position.file)}:${position.line}:${position.column}` : '';
}

/** A text on one line, with nothing in it that a terminal would obey. */
function shownText(text: string): string {
  return visible(text.replaceAll('\n', String.raw`\n`).replaceAll('\t', String.raw`\t`));
}
