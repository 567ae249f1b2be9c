import { messageOf, UserError } from '../model/errors.ts';
import type { Position, Problem } from '../model/problem.ts';
import { parseSelector } from '../model/selector.ts';
import { isName, pathFault } from '../model/tree.ts';
import { paramGlob, pathGlob } from './globs.ts';
import { layerLabels } from './layers.ts';
import type { ListMerge, Plan, RolloutWave } from './plan.ts';
import { durationMs, planSchema } from './schemas.ts';
import { checkShape, positionOf, quoted, topOf } from './shape.ts';
import type { YamlDocument, YamlPath } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

/** What `plan.yaml` says. */
export type Settings = Pick<Plan, 'name' | 'layers' | 'merge' | 'drift' | 'rollout'>;

/** Where every plan says what it is made of. */
export const PLAN_FILE = 'plan.yaml';

/** Who gives no waves has one. */
const ONE_WAVE: RolloutWave = { name: 'all', select: '*' };

/** Reads `plan.yaml`; undefined, with the problems, if it cannot be used. */
export function readSettings(document: YamlDocument): {
  settings: Settings | undefined;
  problems: Problem[];
} {
  const { value, problems } = checkShape(document, planSchema, new Map());
  if (!value) return { settings: undefined, problems };

  const at = (path: YamlPath): Position => positionAt(document, path);
  value.layers.forEach((pattern, index) => {
    const fault = layerFault(pattern);
    if (!fault) return;
    const message = `the layer ${quoted(pattern)} ${fault}`;
    problems.push({ message, position: at(['layers', index]) });
  });
  duplicates(value.layers).forEach((index) => {
    const message = `the layer ${quoted(value.layers[index]!)} is listed twice`;
    problems.push({ message, position: at(['layers', index]) });
  });

  const tryAt = (path: YamlPath, check: () => unknown): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push({ message: messageOf(error), position: at(path) });
    }
  };
  value.drift.rules.forEach((rule, index) => {
    const path = ['drift', 'rules', index];
    rule.paths?.forEach((glob, i) => tryAt([...path, 'paths', i], () => pathGlob(glob)));
    rule.params?.forEach((glob, i) => tryAt([...path, 'params', i], () => paramGlob(glob)));
    if (rule.sites !== undefined) tryAt([...path, 'sites'], () => parseSelector(rule.sites!));
  });
  value.drift.autoMerge.forEach((rule, index) => {
    const path = ['drift', 'autoMerge', index];
    rule.paths?.forEach((glob, i) => tryAt([...path, 'paths', i], () => pathGlob(glob)));
    if (rule.sites !== undefined) tryAt([...path, 'sites'], () => parseSelector(rule.sites!));
  });
  const waves = value.rollout.waves ?? [];
  waves.forEach(({ select }, index) =>
    tryAt(['rollout', 'waves', index, 'select'], () => parseSelector(select)),
  );
  duplicates(waves.map(({ name }) => name)).forEach((index) => {
    const message = `another wave is called ${quoted(waves[index]!.name)} too`;
    problems.push({ message, position: at(['rollout', 'waves', index, 'name']) });
  });

  const merge = new Map<string, ListMerge>();
  for (const [path, how] of Object.entries(value.merge)) {
    merge.set(path, listMerge(how));
  }
  const settings: Settings = {
    name: value.name,
    layers: value.layers,
    merge,
    drift: {
      default: value.drift.default,
      rules: value.drift.rules,
      autoMerge: value.drift.autoMerge.map((rule) => ({ ...rule, after: durationMs(rule.after) })),
    },
    rollout: {
      waves: value.rollout.waves
        ? waves.map(({ soak, ...wave }) => ({
            ...wave,
            ...(soak === undefined ? {} : { soak: durationMs(soak) }),
          }))
        : [ONE_WAVE],
    },
  };
  return { settings, problems };
}

function positionAt(document: YamlDocument, path: YamlPath): Position {
  const source = nodeAt(document.root, path)?.source;
  return source ? positionOf(source) : topOf(document.file);
}

/** Why a pattern cannot name layer files, or undefined if it can. */
function layerFault(pattern: string): string | undefined {
  const wrong = layerLabels([pattern]).find(({ label }) => !isName(label));
  if (wrong) return `has ${quoted(`{${wrong.label}}`)}, which is no label's name`;
  // With any label in its place, the path has to be one that a plan may hold.
  const sample = pattern.replaceAll(/\{[^{}]*\}/g, 'x');
  if (/[{}]/.test(sample)) return 'has a brace without its partner';
  const fault = pathFault(sample);
  if (fault) return fault;
  if (!/\.ya?ml$/.test(sample)) return 'does not end in .yaml';
  if (/^(?:sites|stacks|overlays)\//.test(sample) || sample === PLAN_FILE) {
    return 'is in a place that is kept for other files: put it in layers/';
  }
  return undefined;
}

function listMerge(text: string): ListMerge {
  if (text.startsWith('by:')) return { by: text.slice('by:'.length) };
  return text === 'append' || text === 'unique' ? text : 'replace';
}

function duplicates(values: readonly string[]): number[] {
  const seen = new Set<string>();
  return [...values.keys()].filter((index) => seen.size === seen.add(values[index]!).size);
}
