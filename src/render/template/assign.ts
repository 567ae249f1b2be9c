import type * as ast from './ast.ts';
import { Fault } from './errors.ts';
import { iterate } from './python/access.ts';
import { type Frame, outwards, type Run } from './run.ts';
import type { Symbols } from './scope.ts';
import type { Origin } from './trace.ts';
import { type Datum, elementAt, Members, nameOfType } from './values.ts';

/** Says, while tracing, where a value came from. */
export type OriginOf = (position: readonly number[]) => Origin;

/** Puts a value into a variable, or several. */
export type Assign = (run: Run, frame: Frame, value: Datum, origin: OriginOf | undefined) => void;

/** Assigning to a target whose names are in `symbols`. */
export function assignTo(target: ast.Target, symbols: Symbols): Assign {
  if (target.kind === 'targets') return unpack(target, symbols);
  if (target.kind === 'member') return assignMember(target, symbols);
  const reference = symbols.find(target.name);
  if (!reference) throw new Fault(`"${target.name}" is not known here`, { offset: target.start });
  const { slot } = reference;
  return (_, frame, value, origin) => {
    frame.slots[slot] = value;
    if (frame.origins) frame.origins[slot] = origin?.([]);
  };
}

function unpack(target: ast.TargetTuple, symbols: Symbols): Assign {
  const parts = target.items.map((item) => assignTo(item, symbols));
  return (run, frame, value, origin) => {
    const values = iterate(value, run.fuel);
    if (values.length !== parts.length) {
      throw new Fault(`${values.length} values cannot be unpacked to ${parts.length} names`);
    }
    for (const [i, part] of parts.entries()) {
      const inner = origin && ((rest: readonly number[]): Origin => origin([i, ...rest]));
      part(run, frame, elementAt(values, i), inner);
    }
  };
}

function assignMember(target: ast.TargetMember, symbols: Symbols): Assign {
  const reference = symbols.find(target.name);
  if (!reference) throw new Fault(`"${target.name}" is not known here`, { offset: target.start });
  const { hops, slot } = reference;
  return (run, frame, value) => {
    run.at = target.start;
    const namespace = outwards(frame, hops).slots[slot];
    if (!(namespace instanceof Members) || !namespace.set) {
      const what = namespace === undefined ? 'undefined' : nameOfType(namespace);
      throw new Fault(`"${target.name}" is ${what}, not a namespace`, {
        hint: `{% set ${target.name} = namespace() %}`,
      });
    }
    namespace.set(target.member, value);
  };
}
