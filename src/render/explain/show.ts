import type { Position } from '../../model/problem.ts';
import { positionOf } from '../../plan/shape.ts';
import type { MapEntry, MapNode, Source, YamlNode, YamlPath } from '../../plan/yaml/node.ts';

/** What is shown in place of a secret. */
export const SECRET = '(secret)';
const MAX_SHOWN = 200;

/** A node as one line of YAML, cut where it is long; secrets are not shown. */
export function shownNode(node: YamlNode, secrets: ReadonlySet<YamlNode>): string {
  const text = flow(node, secrets).replaceAll(/\s*\n\s*/g, ' ');
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function flow(node: YamlNode, secrets: ReadonlySet<YamlNode>): string {
  if (secrets.has(node)) return SECRET;
  if (node.kind === 'scalar') return node.token === '' ? 'null' : node.token;
  if (node.kind === 'sequence') {
    return `[${node.items.map((item) => flow(item, secrets)).join(', ')}]`;
  }
  const entries = [...node.entries.values()];
  const shown = entries.map(({ keyToken, value }) => `${keyToken}: ${flow(value, secrets)}`);
  return shown.length === 0 ? '{}' : `{ ${shown.join(', ')} }`;
}

/** Where the node at a path stands: a scalar itself, of a map or list the key; undefined for what no file holds. */
export function placeAt(root: MapNode, path: YamlPath): Position | undefined {
  let node: YamlNode = root;
  let key: Source | undefined;
  for (const step of path) {
    const entry: MapEntry | undefined =
      node.kind === 'map' ? node.entries.get(String(step)) : undefined;
    const next: YamlNode | undefined =
      entry?.value ?? (node.kind === 'sequence' ? node.items[Number(step)] : undefined);
    if (!next) return undefined;
    key = entry?.keySource;
    node = next;
  }
  const places =
    node.kind === 'scalar'
      ? [node.aliasSource, node.source, key]
      : [node.aliasSource, key, node.source];
  const place = places.find((source) => source !== undefined && source.file !== '');
  return place && positionOf(place);
}

/** `ntp.servers[0].host`; keys that are no plain words as `["net.ipv4"]`. */
export function pathName(path: YamlPath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[^\s.[\]"]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

/** Reads what `pathName` writes; undefined for what is no path. */
export function parsePath(text: string): YamlPath | undefined {
  const path: (string | number)[] = [];
  const step = /\.?([^\s.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (step.lastIndex < text.length) {
    const first = step.lastIndex === 0;
    const match = step.exec(text);
    if (!match) return undefined;
    const [all, word, index, quoted] = match;
    if (word !== undefined && all.startsWith('.') === first) return undefined;
    if (index !== undefined) path.push(Number(index));
    else path.push(word ?? keyOf(quoted!));
  }
  return path.length === 0 ? undefined : path;
}

function keyOf(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
}
