import { nearest } from '../model/nearest.ts';
import type { Problem } from '../model/problem.ts';
import { SECRETS, settings } from './schema.ts';

/** A section of settings, or the whole of them, before it is known whether it is right. */
export interface Section {
  [key: string]: unknown;
}

export type Origin = 'file' | 'environment' | 'override';

/** Settings put together, and where each came from (by dotted path). */
export interface Merged {
  values: Section;
  origins: Map<string, Origin>;
}

/** Puts settings together: later ones win. */
export function merge(layers: readonly (readonly [Origin, Section])[]): Merged {
  const merged: Merged = { values: emptySection(), origins: new Map() };
  for (const [origin, section] of layers) mergeInto(merged, merged.values, section, origin, []);
  return merged;
}

function mergeInto(
  merged: Merged,
  target: Section,
  section: Section,
  origin: Origin,
  path: readonly string[],
): void {
  for (const [key, value] of Object.entries(section)) {
    // `server:` with nothing behind it is an empty section, not a fault.
    if (value === null || value === undefined) continue;
    const here = [...path, key];
    if (isSection(value)) {
      mergeInto(merged, sectionIn(target, key), value, origin, here);
      continue;
    }
    target[key] = value;
    merged.origins.set(here.join('.'), origin);
    // A secret given later wins over a file for it named earlier, and the other way round.
    const rival = SECRETS.has(key)
      ? `${key}File`
      : SECRETS.has(key.replace(/File$/, ''))
        ? key.replace(/File$/, '')
        : undefined;
    const rivalPath = [...path, rival].join('.');
    if (rival !== undefined && merged.origins.get(rivalPath) !== origin) {
      delete target[rival];
      merged.origins.delete(rivalPath);
    }
  }
}

/** The settings that environment variables make, and a problem for each that looks like one of ours but is none. */
export function readEnvironment(env: NodeJS.ProcessEnv): { section: Section; problems: Problem[] } {
  const section = emptySection();
  for (const { path, type, variable } of settings) {
    const text = env[variable];
    if (text === undefined || text === '') continue;
    const value = type === 'number' && /^-?\d+$/.test(text) ? Number(text) : text;
    let target = section;
    for (const key of path.slice(0, -1)) target = sectionIn(target, key);
    target[path.at(-1)!] = value;
  }
  return { section, problems: unknownVariables(env) };
}

function unknownVariables(env: NodeJS.ProcessEnv): Problem[] {
  const known = new Set(settings.map(({ variable }) => variable));
  const sections = settings
    .filter(({ path }) => path.length > 1)
    .map(({ path }) => `TRUEUP_${path[0]!.toUpperCase()}_`);
  return Object.keys(env)
    .filter((name) => !known.has(name) && sections.some((section) => name.startsWith(section)))
    .toSorted()
    .map((name) => {
      const meant = nearest(name, known);
      const message = `the environment variable ${name} is no setting`;
      return meant === undefined ? { message } : { message, hint: `did you mean ${meant}?` };
    });
}

function sectionIn(parent: Section, key: string): Section {
  const found = parent[key];
  if (isSection(found)) return found;
  const made = emptySection();
  parent[key] = made;
  return made;
}

/** Without a prototype: a key named `__proto__` is a key like any other. */
function emptySection(): Section {
  const section: Section = Object.create(null);
  return section;
}

export function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
