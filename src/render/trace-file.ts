import { siteOf, siteParams } from '../plan/layers.ts';
import type { Plan } from '../plan/plan.ts';
import type { YamlPath } from '../plan/yaml/node.ts';
import { SiteContext } from './context.ts';
import type { Trace, TracePiece } from './template/trace.ts';
import { loaderFor, templateAt } from './templates.ts';

/** A stretch of rendered text: fixed, or what an expression printed. */
export interface TextPiece {
  /** UTF-16 code units of the text. */
  start: number;
  end: number;
  hole: boolean;
  /** Where the value stands among the names that templates see, if the expression is no more than a way to it. */
  path?: YamlPath;
}

/** How a rendered file came about. */
export interface FileTrace {
  text: string;
  /** The text from beginning to end, in pieces that lie side by side. */
  pieces: TextPiece[];
  /** The template's path in the plan, and how its loops and conditions went. */
  template: string;
  trace: Trace;
}

/**
 * Renders one file of a site's tree and says where each piece of it comes from; undefined for a file that no
 * template gives (copied, overlaid, written by trueup).
 * @throws InvalidInput if it cannot be rendered; UserError if the plan has no such site
 */
export function traceFile(plan: Plan, site: string, path: string): FileTrace | undefined {
  const definition = siteOf(plan, site);
  const overlay = plan.overlays.get(site);
  if (overlay?.files.has(path) || overlay?.absent.includes(path)) return undefined;
  for (const name of definition.stacks) {
    const stack = plan.stacks.get(name)!;
    const file = stack.files.find(({ target, template }) => template && target === path);
    if (!file) continue;
    const context = new SiteContext(plan, definition, siteParams(plan, site));
    const { names, ...secrets } = context.namesFor(stack);
    const options = { load: loaderFor(plan, stack), ...secrets };
    const trace = templateAt(plan.files, file.source).trace(names, options);
    return { text: trace.text, pieces: flatten(trace.pieces), template: file.source, trace };
  }
  return undefined;
}

function flatten(pieces: readonly TracePiece[]): TextPiece[] {
  return pieces.flatMap(textPieces);
}

function textPieces(piece: TracePiece): TextPiece[] {
  switch (piece.kind) {
    case 'literal':
      return [{ ...piece.output, hole: false }];
    case 'hole':
      if (piece.body) return flatten(piece.body);
      return [{ ...piece.output, hole: true, ...(piece.path ? { path: piece.path } : {}) }];
    case 'loop':
      return flatten(piece.otherwise ?? piece.iterations.flatMap((iteration) => iteration.pieces));
    case 'condition':
    case 'call':
    case 'include':
      return flatten(piece.pieces);
    case 'filtered':
  }
  // The filter made something else of the pieces within.
  return [{ ...piece.output, hole: true }];
}
