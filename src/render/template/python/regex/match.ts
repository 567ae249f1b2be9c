import { unreachable } from '../../errors.ts';
import { Fault } from '../../errors.ts';
import type { Fuel } from '../../fuel.ts';
import { characters } from '../text.ts';
import { isWord } from './characters.ts';
import type { Pattern, Regex } from './pattern.ts';

/** A match: its place in the text, and its groups, undefined where one took no part. */
export interface Match {
  start: number;
  end: number;
  groups: (string | undefined)[];
}

type Repeat = Pattern & { kind: 'repeat' };
type Continue = (at: number) => boolean;

/**
 * Matches as Python's `re` does: by trying, the first way that works. Every try is paid for, so that no pattern can
 * run for long; the host language's own expressions differ in meaning, and cannot be stopped.
 */
export class Matcher {
  readonly text: readonly string[];
  private readonly codes: readonly number[];
  private readonly regex: Regex;
  private readonly fuel: Fuel;
  private starts: (number | undefined)[] = [];
  private ends: (number | undefined)[] = [];

  constructor(regex: Regex, text: string, fuel: Fuel) {
    this.regex = regex;
    this.fuel = fuel;
    this.text = characters(text);
    this.codes = this.text.map((character) => character.codePointAt(0) ?? 0);
    // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
    if (regex.ignoreCase && /[^\x00-\x7f]/.test(text)) {
      throw new Fault('matching without regard to case is supported for ASCII text');
    }
    fuel.spend(text.length);
  }

  /** The first match at or after `from`; with `advance`, one at `from` must not be empty. */
  search(from: number, advance = false): Match | undefined {
    for (let start = from; start <= this.codes.length; start += 1) {
      const match = this.matchAt(start, advance && start === from);
      if (match) return match;
    }
    return undefined;
  }

  /** A match that begins at `start`. */
  matchAt(start: number, notEmpty = false): Match | undefined {
    this.starts = [];
    this.ends = [];
    let end = -1;
    const found = this.match(this.regex.body, start, (at) => {
      if (notEmpty && at === start) return false;
      end = at;
      return true;
    });
    if (!found) return undefined;
    const groups = Array.from({ length: this.regex.groups + 1 }, (_, i) => this.group(i));
    groups[0] = this.slice(start, end);
    return { start, end, groups };
  }

  /** Every match, from left to right, as Python finds them: an empty one never right where the last empty one was. */
  *all(): Generator<Match> {
    let at = 0;
    let advance = false;
    for (let match = this.search(at, advance); match; match = this.search(at, advance)) {
      yield match;
      at = match.end;
      advance = match.start === match.end;
    }
  }

  slice(start: number, end: number): string {
    this.fuel.spend(end - start);
    return this.text.slice(start, end).join('');
  }

  private group(index: number): string | undefined {
    const start = this.starts[index];
    const end = this.ends[index];
    return start === undefined || end === undefined ? undefined : this.slice(start, end);
  }

  private match(pattern: Pattern, at: number, next: Continue): boolean {
    this.fuel.spend(1);
    switch (pattern.kind) {
      case 'character': {
        const code = this.codes[at];
        return code !== undefined && pattern.matches(code) && next(at + 1);
      }
      case 'sequence':
        return this.sequence(pattern.items, 0, at, next);
      case 'choice':
        return pattern.options.some((option) => this.match(option, at, next));
      case 'group':
        return this.capture(pattern.index, pattern.body, at, next);
      case 'repeat':
        if (pattern.body.kind === 'character') {
          return this.run(pattern, pattern.body.matches, at, next);
        }
        return pattern.lazy
          ? this.fewest(pattern, 0, at, -1, next)
          : this.most(pattern, 0, at, -1, next);
      case 'reference':
        return this.reference(pattern.index, at, next);
      case 'look':
        return this.look(pattern, at, next);
      case 'boundary':
        if (pattern.negated && this.codes.length === 0)
          throw new Fault('what \\B is in an empty text depends on the version');
        return (this.isWordAt(at - 1) !== this.isWordAt(at)) !== pattern.negated && next(at);
      case 'start':
        return at === 0 && next(at);
      case 'line-start':
        return (at === 0 || this.codes[at - 1] === 0x0a) && next(at);
      case 'very-end':
        return at === this.codes.length && next(at);
      case 'end':
        return this.isEnd(at) && next(at);
      case 'line-end':
        return (at === this.codes.length || this.codes[at] === 0x0a) && next(at);
    }
    return unreachable(pattern);
  }

  private isEnd(at: number): boolean {
    const last = this.codes.length;
    return at === last || (at === last - 1 && this.codes[at] === 0x0a);
  }

  private isWordAt(at: number): boolean {
    const code = this.codes[at];
    return code !== undefined && isWord(code);
  }

  private sequence(items: readonly Pattern[], index: number, at: number, next: Continue): boolean {
    const item = items[index];
    if (!item) return next(at);
    return this.match(item, at, (reached) => this.sequence(items, index + 1, reached, next));
  }

  private capture(index: number, body: Pattern, at: number, next: Continue): boolean {
    const start = this.starts[index];
    const end = this.ends[index];
    const matched = this.match(body, at, (reached) => {
      const [innerStart, innerEnd] = [this.starts[index], this.ends[index]];
      this.starts[index] = at;
      this.ends[index] = reached;
      if (next(reached)) return true;
      this.starts[index] = innerStart;
      this.ends[index] = innerEnd;
      return false;
    });
    if (!matched) {
      this.starts[index] = start;
      this.ends[index] = end;
    }
    return matched;
  }

  /** A repeated single character: counted, not tried one inside the other. */
  private run(
    { least, most, lazy }: Repeat,
    matches: (code: number) => boolean,
    at: number,
    next: Continue,
  ): boolean {
    const limit = Math.min(this.codes.length - at, lazy ? least : most);
    let count = 0;
    const fits = (): boolean => {
      const code = this.codes[at + count];
      return code !== undefined && matches(code);
    };
    while (count < limit && fits()) count += 1;
    this.fuel.spend(count);
    if (count < least) return false;
    if (!lazy) {
      for (; count >= least; count -= 1) {
        this.fuel.spend(1);
        if (next(at + count)) return true;
      }
      return false;
    }
    for (;;) {
      this.fuel.spend(1);
      if (next(at + count)) return true;
      if (count >= most || !fits()) return false;
      count += 1;
    }
  }

  /** `last` is where the repeat before this one began: one more is tried only if that got on. */
  private most(repeat: Repeat, count: number, at: number, last: number, next: Continue): boolean {
    this.fuel.spend(1);
    const again = (from: number): boolean =>
      this.match(repeat.body, at, (reached) => this.most(repeat, count + 1, reached, from, next));
    if (count < repeat.least) return again(last);
    return (count < repeat.most && at !== last && again(at)) || next(at);
  }

  private fewest(repeat: Repeat, count: number, at: number, last: number, next: Continue): boolean {
    this.fuel.spend(1);
    const again = (from: number): boolean =>
      this.match(repeat.body, at, (reached) => this.fewest(repeat, count + 1, reached, from, next));
    if (count < repeat.least) return again(last);
    return next(at) || (count < repeat.most && at !== last && again(at));
  }

  private reference(index: number, at: number, next: Continue): boolean {
    const start = this.starts[index];
    const end = this.ends[index];
    if (start === undefined || end === undefined) return false;
    const size = end - start;
    this.fuel.spend(size);
    for (let i = 0; i < size; i += 1) {
      if (!this.sameCharacter(this.text[start + i], this.text[at + i])) return false;
    }
    return next(at + size);
  }

  private sameCharacter(a: string | undefined, b: string | undefined): boolean {
    return this.regex.ignoreCase ? a?.toLowerCase() === b?.toLowerCase() : a === b;
  }

  private look(pattern: Pattern & { kind: 'look' }, at: number, next: Continue): boolean {
    const from = at - (pattern.behind ?? 0);
    const starts = [...this.starts];
    const ends = [...this.ends];
    const found =
      from >= 0 &&
      this.match(pattern.body, from, (reached) => pattern.behind === undefined || reached === at);
    const restore = (): void => {
      this.starts = starts;
      this.ends = ends;
    };
    if (!found || pattern.negated) restore();
    if (found !== pattern.negated && next(at)) return true;
    // What was captured on this way does not hold on another.
    if (found) restore();
    return false;
  }
}
