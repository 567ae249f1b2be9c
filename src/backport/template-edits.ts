import type { TreeFile } from '../model/tree.ts';
import { siteParams } from '../plan/layers.ts';
import type { Plan } from '../plan/plan.ts';
import type { MapNode, YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { decodeUtf8 } from '../plan/yaml/parse.ts';
import { nodeAt, sameNode } from '../plan/yaml/value.ts';
import { type FileTrace, traceFile } from '../render/render.ts';
import type { FileReading, SourceChange } from './changes.ts';
import { printed, valueLike } from './like-value.ts';
import { type Part, type Solved, solve } from './solve.ts';
import { editedRegions, linesOf, type Region } from './text-regions.ts';
import { dotted } from './yaml-changes.ts';

/** Why a region cannot be read as changed values. */
class Unreadable extends Error {
  override name = 'Unreadable';
}

/**
 * Reads an edit of a rendered text as changed values of the parameters that its template prints: what changed must
 * be the text of plain variables. Lines that cannot be so read leave the others readable.
 */
export function readTemplateFile(
  plan: Plan,
  site: string,
  path: string,
  desired: TreeFile,
  observed: TreeFile,
): FileReading {
  const [was, is] = [desired, observed].map(({ content }) => decodeUtf8(path, content).text);
  if (was === undefined || is === undefined)
    return { changes: [], reason: 'it is no longer text in UTF-8' };
  const trace = traceFile(plan, site, path);
  if (!trace || trace.text !== was)
    return { changes: [], reason: 'it is not what its template renders' };
  const regions = editedRegions(was, is, trace.pieces);
  if (!regions)
    return { changes: [], reason: 'too much of it was changed to tell what became of what' };
  const reader = new TextReader(plan, site, was, trace.pieces);
  for (const region of regions) reader.read(region);
  return reader.reading();
}

/** What the lines of one text say, taken together. */
class TextReader {
  readonly #plan: Plan;
  readonly #site: string;
  readonly #text: string;
  readonly #pieces: FileTrace['pieces'];
  readonly #params: MapNode;
  readonly #changes = new Map<string, SourceChange>();
  /** Parameter → how many of its uses have been seen to change. */
  readonly #changedUses = new Map<string, number>();
  #reason: string | undefined;

  constructor(plan: Plan, site: string, text: string, pieces: FileTrace['pieces']) {
    this.#plan = plan;
    this.#site = site;
    this.#text = text;
    this.#pieces = pieces;
    this.#params = siteParams(plan, site);
  }

  read(region: Region): void {
    try {
      for (const { solved, uses } of this.#solve(region)) this.#take(region, solved, uses);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#reason ??= error.message;
    }
  }

  reading(): FileReading {
    for (const [key, change] of this.#changes) {
      const uses = this.#pieces.filter(({ path }) => path && JSON.stringify(path) === key).length;
      if (uses === this.#changedUses.get(key)) continue;
      // The other uses would change with it, and nobody changed them.
      this.#changes.delete(key);
      this.#reason = `${dotted([...change.base, ...change.change.path])} stands in ${uses} places, not all of which were changed alike`;
    }
    const changes = [...this.#changes.values()];
    return this.#reason === undefined ? { changes } : { changes, reason: this.#reason };
  }

  #solve(region: Region): { solved: Solved; uses: number }[] {
    if (region.text.includes('\r'))
      throw new Unreadable(`line ${region.line} ends with a carriage return`);
    const parts = this.#partsOf(region);
    const asked = solve(parts, region.text);
    if (!asked) {
      const before = linesOf(this.#text.slice(region.start, region.end)).length;
      throw new Unreadable(
        before === 0 || before !== linesOf(region.text).length
          ? `lines came or went at line ${region.line}`
          : `line ${region.line} was changed beside the values of plain parameters`,
      );
    }
    return asked.map((solved) => {
      const key = JSON.stringify(solved.path);
      const uses = parts.filter(({ path }) => path && JSON.stringify(path) === key).length;
      return { solved, uses };
    });
  }

  #partsOf(region: Region): Part[] {
    return this.#pieces
      .filter(({ start, end }) =>
        start === end
          ? start >= region.start && start < region.end
          : start < region.end && end > region.start,
      )
      .map(({ start, end, path }) => {
        const whole = start >= region.start && end <= region.end;
        const text = this.#text.slice(Math.max(start, region.start), Math.min(end, region.end));
        return whole && path ? { text, path } : { text };
      });
  }

  #take({ line }: Region, { path, was, text, doubt }: Solved, uses: number): void {
    const place = this.#placeOf(path, line);
    if (!place.before || printed(place.before) !== was)
      throw new Unreadable(`line ${line} shows what is no single value of ${dotted(path)}`);
    if (/\{[{%#]/.test(text) && !/\{[{%#]/.test(was))
      throw new Unreadable(
        `line ${line} has braces in it, which Ansible would take for a template`,
      );
    const after = valueLike(place.before, text);
    if (!after) throw new Unreadable(`${dotted(path)} would become another kind of value`);
    const key = JSON.stringify(path);
    const known = this.#changes.get(key);
    if (known?.change.kind === 'set' && !sameNode(known.change.after, after))
      throw new Unreadable(`${dotted(path)} was given two values`);
    const { source, base, rest, before } = place;
    this.#changes.set(key, {
      source,
      base,
      change: { kind: 'set', path: rest, before, after },
      ...(doubt ? { doubt: `line ${line} of the text: ${doubt}` } : {}),
    });
    this.#changedUses.set(key, (this.#changedUses.get(key) ?? 0) + uses);
  }

  /** The part of the plan's data that a name of a template stands for. */
  #placeOf(
    path: YamlPath,
    line: number,
  ): Pick<SourceChange, 'source' | 'base'> & { rest: YamlPath; before: YamlNode | undefined } {
    const [name, section, host, ...rest] = path;
    if (name === 'site') {
      const variables = this.#plan.sites.get(this.#site)!.hosts.get(String(host));
      if (section !== 'hosts' || !variables || rest.length === 0)
        throw new Unreadable(`line ${line} shows ${dotted(path)}, which makes the site what it is`);
      const base = ['hosts', String(host)];
      return { source: 'site', base, rest, before: nodeAt(variables, rest) };
    }
    if (name === 'imports')
      throw new Unreadable(`line ${line} shows ${dotted(path)}, which comes from another site`);
    return { source: 'params', base: [], rest: path, before: nodeAt(this.#params, path) };
  }
}
