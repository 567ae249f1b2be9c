import type { YamlPath } from '../plan/yaml/node.ts';
import { sameNode } from '../plan/yaml/value.ts';
import type { YamlChange } from './yaml-changes.ts';

/** A change of something that the plan says as data. */
export interface SourceChange {
  /** `params`: the merged parameters, wherever they come from; `site`: a section of the site's own file. */
  source: 'params' | 'site';
  /** Where in the site's file the section stands (`hostParams`, `web-1`); empty for parameters. */
  base: YamlPath;
  change: YamlChange;
  /** Made at the site wherever others are made: a parameter that a template has for this site. */
  own?: true;
}

/** What one edited file says. */
export interface FileReading {
  /** Changes of what the plan says that would explain the edit, or a part of it. */
  changes: SourceChange[];
  /** What of the edit no such change explains; absent where they may explain all of it. */
  reason?: string;
}

/** Paths of the site tree and what was read there. */
export type Readings = ReadonlyMap<string, FileReading>;

/** A change, and the paths at which it was read. */
export interface Reading {
  change: SourceChange;
  paths: string[];
}

/**
 * The changes that several files tell, each once. Where two give one value different readings, neither counts.
 * @returns also, for paths with such a reading, why it does not count
 */
export function gather(readings: Readings): {
  gathered: Reading[];
  contradicted: Map<string, string>;
} {
  const places = new Map<string, { path: string; change: SourceChange }[]>();
  for (const [path, { changes }] of readings) {
    for (const change of changes) {
      const place = JSON.stringify(placeOf(change));
      places.set(place, [...(places.get(place) ?? []), { path, change }]);
    }
  }
  const gathered: Reading[] = [];
  const contradicted = new Map<string, string>();
  for (const said of places.values()) {
    const paths = said.map(({ path }) => path);
    const first = said[0]!.change;
    if (said.every(({ change }) => sameChange(change, first))) {
      gathered.push({ change: first, paths });
    } else {
      for (const path of paths) {
        contradicted.set(path, `${paths.join(' and ')} give one parameter different values`);
      }
    }
  }
  return { gathered, contradicted };
}

/** The way to what is changed: through the parameters, or through the site's file. */
function placeOf({ source, base, change }: SourceChange): YamlPath {
  return [source, ...base, ...change.path];
}

/** Whether two changes are of the same value, or one is of something within the other's. */
export function overlap(a: SourceChange, b: SourceChange): boolean {
  const [one, other] = [placeOf(a), placeOf(b)];
  const common = Math.min(one.length, other.length);
  return one.slice(0, common).every((step, index) => step === other[index]);
}

function sameChange(a: SourceChange, b: SourceChange): boolean {
  if (a.change.kind === 'delete' || b.change.kind === 'delete')
    return a.change.kind === b.change.kind;
  return sameNode(a.change.after, b.change.after);
}
