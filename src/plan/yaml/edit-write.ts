import { reindentBlockScalar, writeBlockScalar } from './block-scalar.ts';
import {
  Tagged,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type SequenceNode,
  type YamlNode,
} from './node.ts';
import { isPlainText, quoteText, writeScalar } from './scalar.ts';
import { isDateNode } from './value.ts';

/** How a file is written, as far as new lines should take after it. */
export interface Style {
  /** Spaces from a mapping to the mappings within it, and to the lists within it (0: dashes below the key). */
  step: number;
  listStep: number;
  quote: 'single' | 'double';
  /** `{ a: 1 }` rather than `{a: 1}`. */
  spacedBraces: boolean;
  /** Short lists and mappings are written in brackets, as those that are there. */
  flowLists: boolean;
  flowMaps: boolean;
  /** Text keeps the quotes, or none, that it has where it comes from. */
  verbatim?: boolean;
}

/** Looks at what stands in a document; where it says nothing, two spaces, double quotes and block style are taken. */
export function detectStyle(root: MapNode, text: string): Style {
  const seen = {
    step: undefined as number | undefined,
    listStep: undefined as number | undefined,
    quote: undefined as Style['quote'] | undefined,
    spacedBraces: undefined as boolean | undefined,
    flow: { map: 0, sequence: 0 },
    block: { map: 0, sequence: 0 },
  };
  visit(root, undefined);
  return {
    step: seen.step ?? 2,
    listStep: seen.listStep ?? 2,
    quote: seen.quote ?? 'double',
    spacedBraces: seen.spacedBraces ?? true,
    flowLists: seen.flow.sequence > 0 && seen.block.sequence === 0,
    flowMaps: seen.flow.map > 0 && seen.block.map === 0,
  };

  function visit(node: YamlNode, parent: MapNode | undefined): void {
    if (node.alias !== undefined) return;
    if (node.kind === 'scalar') {
      if (node.style === 'single' || node.style === 'double') seen.quote ??= node.style;
      return;
    }
    const children =
      node.kind === 'map' ? [...node.entries.values()].map((e) => e.value) : node.items;
    if (children.length > 0 && node !== root) {
      seen[node.flow ? 'flow' : 'block'][node.kind] += 1;
      if (node.flow && node.kind === 'map')
        seen.spacedBraces ??= text[node.source!.start + 1] === ' ';
      if (!node.flow && parent && !parent.flow) {
        const step = node.source!.column - parent.source!.column;
        if (node.kind === 'map') seen.step ??= step;
        else seen.listStep ??= step;
      }
    }
    for (const child of children) visit(child, node.kind === 'map' ? node : undefined);
  }
}

/** A collection in block style, each line indented; it must not be empty. The last line has no newline. */
export function blockText(node: MapNode | SequenceNode, column: number, style: Style): string {
  const pad = ' '.repeat(column);
  if (node.kind === 'map') {
    return [...node.entries.values()]
      .map((entry) => pad + entryText(entry, column, style))
      .join('\n');
  }
  return node.items.map((item) => `${pad}-${afterDash(item, column, 1, style)}`).join('\n');
}

/** `key: value` for a place in a block mapping whose keys stand at `column`; further lines are indented. */
export function entryText(entry: MapEntry, column: number, style: Style): string {
  return `${keyText(entry, style, false)}:${afterColon(entry.value, column, style)}`;
}

/** What follows the colon of a key at `column`, with the space before it. */
export function afterColon(value: YamlNode, column: number, style: Style): string {
  if (!isBlock(value, style)) {
    const text = inlineText(value, column, style);
    return text === '' ? '' : ` ${text}`;
  }
  const step = value.kind === 'map' ? Math.max(style.step, 1) : style.listStep;
  return `\n${blockText(value, column + step, style)}`;
}

/** What follows a dash at `column`; `gap` spaces stand between the two. `like`: whose quotes a text takes. */
export function afterDash(
  item: YamlNode,
  column: number,
  gap: number,
  style: Style,
  like?: ScalarNode,
): string {
  if (!isBlock(item, style)) {
    const text = inlineText(item, column, style, like);
    return text === '' ? '' : ' '.repeat(gap) + text;
  }
  const inner = column + 1 + gap;
  return ' '.repeat(gap) + blockText(item, inner, style).slice(inner);
}

/** Whether a node is written as lines of its own. */
export function isBlock(node: YamlNode, style: Style): node is MapNode | SequenceNode {
  if (node.kind === 'scalar') return false;
  const children =
    node.kind === 'map' ? [...node.entries.values()].map((e) => e.value) : node.items;
  if (children.length === 0) return false;
  const flow = node.flow || (node.kind === 'map' ? style.flowMaps : style.flowLists);
  return !(flow && children.every((child) => child.kind === 'scalar' && !isLong(child)));
}

function isLong(scalar: ScalarNode): boolean {
  return (
    scalar.token.includes('\n') || (typeof scalar.value === 'string' && scalar.value.includes('\n'))
  );
}

/**
 * A node that starts on the line of its key or dash: a scalar, an empty collection, or one in brackets.
 * `column`: that of the collection around it. `old`: the scalar whose place it takes.
 */
export function inlineText(node: YamlNode, column: number, style: Style, old?: ScalarNode): string {
  if (node.kind !== 'scalar') return flowText(node, style);
  return scalarText(node, column, style, old);
}

/** A node on one line, for a place within brackets. */
export function flowText(node: YamlNode, style: Style, old?: ScalarNode): string {
  if (node.kind === 'scalar') return flowScalar(node, style, old);
  if (node.kind === 'sequence') {
    return `[${node.items.map((item) => flowText(item, style)).join(', ')}]`;
  }
  if (node.entries.size === 0) return '{}';
  const entries = [...node.entries.values()].map((entry) => flowEntry(entry, style));
  const space = style.spacedBraces ? ' ' : '';
  return `{${space}${entries.join(', ')}${space}}`;
}

/** `key: value` for a place within braces. */
export function flowEntry(entry: MapEntry, style: Style): string {
  return `${keyText(entry, style, true)}: ${flowText(entry.value, style)}`;
}

function flowScalar(node: ScalarNode, style: Style, old?: ScalarNode): string {
  if (isText(node)) return textToken(node, style, true, old);
  if (node.token === '') return 'null';
  if (node.token.includes('\n')) return writeScalar(node.value, { flow: true, quote: style.quote });
  // A tag must not touch the comma or bracket after it.
  return /^!\S*$/.test(node.token) ? `${node.token} ` : node.token;
}

function scalarText(node: ScalarNode, column: number, style: Style, old?: ScalarNode): string {
  const indent = column + Math.max(style.step, 1);
  if (!isText(node)) {
    if (!node.token.includes('\n')) return node.token;
    const text = node.value instanceof Tagged ? node.value.text : '';
    if (node.style === 'block') {
      return reindentBlockScalar(node.token, text, node.indent ?? 0, column, indent);
    }
    return isDateNode(node) ? node.value : writeScalar(node.value, { quote: style.quote });
  }
  const { value } = node;
  const wasQuoted = old?.style === 'single' || old?.style === 'double';
  if (value.includes('\n') && (!wasQuoted || style.verbatim)) {
    const lines = old?.style === 'block' ? old.indent : undefined;
    const written =
      node.style === 'block'
        ? reindentBlockScalar(node.token, value, node.indent ?? 0, column, lines ?? indent)
        : writeBlockScalar(value, column, lines ?? indent);
    if (written !== undefined) return written;
  }
  return textToken(node, style, false, old);
}

/** Whether a scalar is plain text: no tag, no number, no date. */
function isText(node: ScalarNode): node is ScalarNode & { value: string } {
  return typeof node.value === 'string' && node.tag === '' && !isDateNode(node);
}

/** A text on one line: in the quotes of what it replaces, else plain where that is safe. */
function textToken(
  node: ScalarNode & { value: string },
  style: Style,
  flow: boolean,
  old?: ScalarNode,
): string {
  const { value, token } = node;
  if (style.verbatim && node.source.file !== '' && isToken(node, flow)) return token;
  if (old?.style === 'single' || old?.style === 'double') return quoteText(value, old.style);
  if (isPlainText(value, flow)) return value;
  const quoted = (node.style === 'single' || node.style === 'double') && !/^!|\n/.test(token);
  return quoted && node.source.file !== '' ? token : quoteText(value, style.quote);
}

/** Whether a text's token can be written on one line elsewhere and still be that text. */
function isToken({ token, style }: ScalarNode, flow: boolean): boolean {
  if (style === 'block' || /^!|\n/.test(token)) return false;
  return style !== 'plain' || !flow || isPlainText(token, flow);
}

/** A key; one that is not a string stays as it was written. */
export function keyText(entry: MapEntry, style: Style, flow: boolean, oldToken = ''): string {
  if (entry.keyValue !== undefined) return entry.keyToken;
  if (oldToken.startsWith("'")) return quoteText(entry.key, 'single');
  if (oldToken.startsWith('"')) return quoteText(entry.key, 'double');
  return writeScalar(entry.key, { flow, quote: style.quote });
}
