import type { Arguments } from '../../../render/template/filters/filter.ts';
import type { Datum } from '../../../render/template/values.ts';

/** One filter applied: what went in and came out, and what is to come out. */
export interface Step {
  /** The present input; undefined where there is none. */
  input: Datum | undefined;
  output: Datum | undefined;
  wanted: Datum;
  args: Arguments;
  /** What the filter makes of another input; undefined where that is an error. */
  apply: (input: Datum) => Datum | undefined;
}

/**
 * Inputs that may give the wanted output, the nearest to the present one first. They are tried: a wrong one does no
 * harm, and `undefined` is passed over.
 */
export type Inverse = (step: Step) => readonly (Datum | undefined)[];
