import { diffArrays } from 'diff';

import type { TreeFile } from '../model/tree.ts';
import { siteParams } from '../plan/layers.ts';
import type { Plan } from '../plan/plan.ts';
import { makeScalar } from '../plan/yaml/make.ts';
import { Float, type YamlNode, type YamlPath } from '../plan/yaml/node.ts';
import { decodeUtf8 } from '../plan/yaml/parse.ts';
import { nodeAt, sameNode } from '../plan/yaml/value.ts';
import { traceFile } from '../render/render.ts';
import type { FileReading, SourceChange } from './file-edits.ts';
import { dotted } from './yaml-changes.ts';

/** A stretch of rendered text: fixed, or the value of an expression. `path` is set where that is a parameter. */
interface Piece {
  start: number;
  end: number;
  hole: boolean;
  path?: YamlPath;
}

/** A line that was edited: where it stands in the rendered text, and what stands there now. */
interface EditedLine {
  start: number;
  end: number;
  number: number;
  text: string;
}

class Unreadable extends Error {
  override name = 'Unreadable';
}

/**
 * Reads an edit of a rendered text as changed values of the parameters that its template prints. Lines may have
 * changed, not come or gone; what changed must be the text of plain variables.
 */
export function templateChanges(
  plan: Plan,
  site: string,
  path: string,
  desired: TreeFile,
  observed: TreeFile,
): FileReading {
  const [was, is] = [desired, observed].map(({ content }) => decodeUtf8(path, content));
  if (!was || !is || !('text' in was) || !('text' in is)) return { reason: 'it is no UTF-8 text' };
  const trace = traceFile(plan, site, path);
  if (!trace || trace.text !== was.text) return { reason: 'it is not what its template renders' };
  const params = siteParams(plan, site);
  const changes = new Map<string, SourceChange>();
  try {
    for (const line of editedLines(was.text, is.text)) {
      const pieces = piecesWithin(trace.pieces, line);
      for (const { path: param, text } of solveLine(was.text, line, pieces)) {
        const before = nodeAt(params, param);
        if (!before)
          throw new Unreadable(`line ${line.number} shows ${dotted(param)}, which is no parameter`);
        const after = valueLike(before, text, param);
        const known = changes.get(dotted(param));
        if (known?.change.kind === 'set' && !sameNode(known.change.after, after)) {
          throw new Unreadable(`${dotted(param)} was given two values`);
        }
        changes.set(dotted(param), {
          source: 'params',
          base: [],
          change: { kind: 'set', path: param, before, after },
        });
      }
    }
  } catch (error) {
    if (error instanceof Unreadable) return { reason: error.message };
    throw error;
  }
  return { changes: [...changes.values()] };
}

function editedLines(was: string, is: string): EditedLine[] {
  const edited: EditedLine[] = [];
  let offset = 0;
  let number = 1;
  const runs = diffArrays(lines(was), lines(is));
  for (let i = 0; i < runs.length; i += 1) {
    const run = runs[i]!;
    if (!run.added && !run.removed) {
      offset += run.value.join('').length;
      number += run.value.length;
      continue;
    }
    const next = runs[i + 1];
    const removed = run.removed ? run.value : [];
    const added = run.added ? run.value : next?.added ? next.value : [];
    if (run.removed && next?.added) i += 1;
    if (removed.length !== added.length) {
      throw new Unreadable(`lines came or went at line ${number}`);
    }
    for (const [at, line] of removed.entries()) {
      edited.push({ start: offset, end: offset + line.length, number, text: added[at]! });
      offset += line.length;
      number += 1;
    }
  }
  return edited;
}

/** Lines with their ends, so that a missing last newline is a difference like any other. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function piecesWithin(pieces: readonly Piece[], line: EditedLine): Piece[] {
  return pieces
    .filter(({ start, end }) => start < line.end && end > line.start)
    .map((piece) => {
      const whole = piece.start >= line.start && piece.end <= line.end;
      const start = Math.max(piece.start, line.start);
      const end = Math.min(piece.end, line.end);
      // A value that goes over several lines is not told by one of them.
      return whole ? piece : { start, end, hole: false };
    });
}

/** The values that would have made the line what it is now. */
function solveLine(
  was: string,
  line: EditedLine,
  pieces: readonly Piece[],
): { path: YamlPath; text: string }[] {
  const solvable = pieces.filter((piece) => piece.path !== undefined);
  for (const piece of solvable) {
    const before = was.slice(line.start, piece.start);
    const after = was.slice(piece.end, line.end);
    const { text } = line;
    const fits = text.length >= before.length + after.length;
    if (fits && text.startsWith(before) && text.endsWith(after)) {
      return [{ path: piece.path!, text: text.slice(before.length, text.length - after.length) }];
    }
  }
  return solveTogether(was, line, pieces);
}

/** Several values of one line at once: the fixed text between them says where each ends. */
function solveTogether(
  was: string,
  line: EditedLine,
  pieces: readonly Piece[],
): { path: YamlPath; text: string }[] {
  let pattern = '';
  const asked: { path: YamlPath; old: string }[] = [];
  for (const { start, end, path } of pieces) {
    const text = was.slice(start, end);
    if (path) {
      pattern += '(.*?)';
      asked.push({ path, old: text });
    } else pattern += RegExp.escape(text);
  }
  const match =
    asked.length > 0 && asked.length <= 8 ? new RegExp(`^${pattern}$`, 's').exec(line.text) : null;
  if (!match)
    throw new Unreadable(`line ${line.number} was changed outside the values of plain parameters`);
  return asked
    .map(({ path, old }, index) => ({ path, old, text: match[index + 1]! }))
    .filter(({ old, text }) => old !== text);
}

/** A value of the kind that the parameter has, printed as this text. */
function valueLike(before: YamlNode, text: string, path: YamlPath): YamlNode {
  const value = before.kind === 'scalar' ? before.value : undefined;
  if (typeof value === 'string') return makeScalar(text);
  if (typeof value === 'boolean' && /^(?:True|False)$/.test(text))
    return makeScalar(text === 'True');
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (/^(?:0|-?[1-9]\d{0,17})$/.test(text)) {
      const number = BigInt(text);
      const safe = number >= Number.MIN_SAFE_INTEGER && number <= Number.MAX_SAFE_INTEGER;
      return makeScalar(safe ? Number(number) : number);
    }
  } else if (value instanceof Float && /^-?\d+\.\d+$/.test(text)) {
    return makeScalar(new Float(Number(text)));
  }
  throw new Unreadable(`${dotted(path)} would become another kind of value`);
}
