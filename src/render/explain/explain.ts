import { UserError } from '../../model/errors.ts';
import { nearest } from '../../model/nearest.ts';
import type { Position } from '../../model/problem.ts';
import { Redactor } from '../../model/redact.ts';
import { MANIFEST_PATH, type SiteTree } from '../../model/tree.ts';
import { siteOf, siteParams } from '../../plan/layers.ts';
import type { Plan, SiteDefinition, StackDefinition } from '../../plan/plan.ts';
import { secretValuesIn } from '../../plan/secrets.ts';
import { quoted } from '../../plan/shape.ts';
import type { YamlPath } from '../../plan/yaml/node.ts';
import { renderSite } from '../render.ts';
import { traceFile } from '../trace-file.ts';
import { explainDataFile, explainDataLine, isDataFile } from './data-file.ts';
import { mentionsOf } from './mentions.ts';
import { explainParameter, leavesOf } from './parameter.ts';
import { PieceTeller } from './pieces.ts';
import { lineRanges } from './places.ts';
import { parsePath, pathName, placeAt, SECRET } from './show.ts';
import { templateText } from './text.ts';
import type { FileReport, KeyReport, PieceReport, ValueReport } from './types.ts';
import { usesOf } from './uses.ts';
import { explainRead, explainVariable, variableSources } from './variables.ts';

const NO_SECRETS: ReadonlySet<never> = new Set();

/**
 * Explains a parameter (`ntp.servers[0]`) or a variable of a host or group (`host:web-1.KEY`, `group:web.KEY`): its
 * value, where it comes from, what it shadows, which templates read it, and which playbooks and roles mention it.
 * @throws UserError for an unknown site or key; InvalidInput if the site's layers cannot be merged
 */
export function explainKeyOf(plan: Plan, site: string, key: string): KeyReport {
  const definition = siteOf(plan, site);
  const variable = variableOf(definition, key);
  if (variable) {
    const { kind, name, path } = variable;
    const value = explainVariable(plan, site, kind, name, path);
    if (value.value === null) throw unknownKey(plan, definition, key, variable);
    // Templates are rendered for the site, not for a host: they see none of its variables.
    const mentions = mentionsOf(plan, site, String(path[0]));
    return { kind: 'key', site, value, uses: [], mentions, failed: [] };
  }
  const path = parsePath(key);
  if (!path) throw new UserError(`${quoted(key)} is no key: keys look like ntp.servers[0].host`);
  const value = explainParameter(plan, site, path);
  const said = value.sources.some(({ state }) =>
    ['wins', 'joins', 'unsets', 'shadowed'].includes(state),
  );
  if (value.value === null && (!said || path.some((step) => typeof step === 'number')))
    throw unknownKey(plan, definition, key);
  const mentions = mentionsOf(plan, site, String(path[0]));
  const { uses, failed } = usesOf(plan, site, path);
  return { kind: 'key', site, value, uses, mentions, failed };
}

interface Variable {
  kind: 'host' | 'group';
  name: string;
  path: YamlPath;
}

/** A key of a host or group; their names may have dots in them, so the longest that fits is meant. */
function variableOf(site: SiteDefinition, key: string): Variable | undefined {
  const [, kind, rest = ''] = /^(host|group):(.*)$/s.exec(key) ?? [];
  if (kind !== 'host' && kind !== 'group') return undefined;
  const names = [...(kind === 'host' ? site.hosts : site.groups).keys()];
  const name = names
    .filter((one) => rest === one || rest.startsWith(`${one}.`))
    .toSorted((a, b) => b.length - a.length)[0];
  if (name === undefined) {
    const meant = nearest(rest.split('.')[0]!, names);
    throw new UserError(`the site ${site.name} has no ${kind} ${quoted(rest)}${hint(meant)}`);
  }
  const path = rest === name ? undefined : parsePath(rest.slice(name.length + 1));
  if (!path) throw new UserError(`name a variable: ${kind}:${name}.KEY`);
  return { kind, name, path };
}

function unknownKey(plan: Plan, site: SiteDefinition, key: string, variable?: Variable): UserError {
  const prefix = variable ? `${variable.kind}:${variable.name}.` : '';
  const roots = variable
    ? variableSources(plan, site, variable.kind, variable.name).map(({ root }) => root)
    : [siteParams(plan, site.name)];
  const known = new Set<string>();
  for (const root of roots) {
    for (const top of root.entries.keys()) {
      known.add(prefix + pathName([top]));
      for (const leaf of leavesOf(root, [top], NO_SECRETS)) known.add(prefix + leaf.name);
    }
  }
  const meant = nearest(key, known);
  return new UserError(`the site ${site.name} has no parameter ${quoted(key)}${hint(meant)}`);
}

function hint(meant: string | undefined): string {
  return meant === undefined ? '' : ` (did you mean ${quoted(meant)}?)`;
}

/**
 * Explains a file of a site's tree, or one line of it.
 * @param line counted from 1
 * @throws UserError for an unknown site, file or line; InvalidInput if the site cannot be rendered
 */
export function explainFile(plan: Plan, site: string, file: string, line?: number): FileReport {
  const { tree } = renderSite(plan, site);
  if (file !== MANIFEST_PATH && !tree.has(file)) throw unknownFile(plan, site, file, tree);
  const text = tree.get(file)?.content.toString() ?? '';
  const ranges = lineRanges(text);
  const range = line === undefined ? undefined : ranges[line - 1];
  if (line !== undefined && !range && file !== MANIFEST_PATH) {
    const lines = `${ranges.length} line${ranges.length === 1 ? '' : 's'}`;
    throw new UserError(`${quoted(file)} has no line ${line}: it has ${lines}`);
  }
  const report: FileReport = {
    kind: 'file',
    site,
    file,
    line: line ?? null,
    text: range ? text.slice(range.start, range.end).replace(/\n$/, '') : null,
    ...originOf(plan, site, file, line),
    pieces: [],
    values: [],
  };
  if (report.origin === 'data') addData(plan, report, text);
  if (report.origin === 'template') addPieces(plan, report, range);
  return redacted(report, new Redactor(secretValuesIn(plan, site, tree)));
}

function unknownFile(plan: Plan, site: string, file: string, tree: SiteTree): UserError {
  if (plan.overlays.get(site)?.absent.includes(file)) {
    return new UserError(`the site ${site} goes without ${quoted(file)}: its overlay says so`);
  }
  const meant = nearest(file, tree.keys());
  return new UserError(`the tree of ${site} has no file ${quoted(file)}${hint(meant)}`);
}

function originOf(
  plan: Plan,
  site: string,
  file: string,
  line = 1,
): Pick<FileReport, 'origin' | 'position'> {
  const at = (path: string): Position => ({ file: path, line, column: 1 });
  const overlay = plan.overlays.get(site)?.files.get(file);
  if (overlay !== undefined) return { origin: 'overlay', position: at(overlay) };
  if (isDataFile(file)) return { origin: 'data', position: null };
  const found = stackFileOf(plan, site, file);
  if (!found) return { origin: 'trueup', position: null };
  const { stack, template, source } = found;
  if (source === stack.document.file) {
    // Written anew from the stack's own file, so that lines are not the same.
    const position = placeAt(stack.document.root, ['requirements']) ?? null;
    return { origin: 'copied', position };
  }
  if (!template) return { origin: 'copied', position: at(source) };
  return { origin: 'template', position: { file: source, line: 1, column: 1 } };
}

function stackFileOf(
  plan: Plan,
  site: string,
  target: string,
): { stack: StackDefinition; template: boolean; source: string } | undefined {
  for (const name of siteOf(plan, site).stacks) {
    const stack = plan.stacks.get(name)!;
    const file = stack.files.find((one) => one.target === target);
    if (file) return { stack, ...file };
    if (stack.requirements && target === `${name}/requirements.yml`) {
      return { stack, template: false, source: stack.document.file };
    }
  }
  return undefined;
}

function addData(plan: Plan, report: FileReport, text: string): void {
  const { site, file, line } = report;
  if (line === null) {
    report.values = explainDataFile(plan, site, file, text);
    return;
  }
  const value = explainDataLine(plan, site, file, text, line);
  if (!value) return;
  report.values = [value];
  report.position = value.position;
  if (value.value === SECRET) report.text = SECRET;
}

function addPieces(
  plan: Plan,
  report: FileReport,
  range: { start: number; end: number } | undefined,
): void {
  const { site, file } = report;
  const trace = traceFile(plan, site, file)!;
  const { stack } = stackFileOf(plan, site, file)!;
  const teller = new PieceTeller(trace.text, range, (path) => templateText(plan, path));
  teller.tell(trace.trace.pieces);
  const explained = new Map<string, ValueReport>();
  report.pieces = teller.pieces.map(({ paths, ...piece }): PieceReport => {
    const own = new Map<string, ValueReport>();
    for (const path of paths) {
      const name = pathName(path);
      let value = explained.get(name);
      if (!value) explained.set(name, (value = explainRead(plan, site, stack, path)));
      own.set(name, value);
    }
    return { ...piece, reads: [...own.values()] };
  });
  report.values = [...explained.values()];
}

/** The report with every secret masked that a text of it may hold by some other way. */
function redacted(report: FileReport, redactor: Redactor): FileReport {
  const { text } = report;
  return {
    ...report,
    text: text === null ? null : redactor.redact(text),
    pieces: report.pieces.map((piece) => ({ ...piece, text: redactor.redact(piece.text) })),
  };
}
