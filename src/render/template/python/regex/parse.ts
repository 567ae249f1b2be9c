import { Fault } from '../../errors.ts';
import { characters } from '../text.ts';
import { type CharacterTest, classes, otherCase } from './characters.ts';
import { type Pattern, type Regex, widthOf } from './pattern.ts';

export interface RegexFlags {
  ignoreCase: boolean;
  multiline: boolean;
}

const MAX_LENGTH = 1000;
const MAX_DEPTH = 50;
const MAX_REPEAT = 1000;

/** Parses a regular expression by the rules of Python's `re`; throws a Fault for what that or we do not take. */
export function parseRegex(source: string, flags: RegexFlags): Regex {
  const all = characters(source);
  if (all.length > MAX_LENGTH) {
    throw new Fault(`a regular expression has at most ${MAX_LENGTH} characters`);
  }
  return new RegexParser(all, flags).regex();
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

class RegexParser {
  private readonly source: string[];
  private ignoreCase: boolean;
  private multiline: boolean;
  private dotAll = false;
  private readonly names = new Map<string, number>();
  private readonly open = new Set<number>();
  private groups = 0;
  private at = 0;
  private depth = 0;

  constructor(source: string[], flags: RegexFlags) {
    this.source = source;
    this.ignoreCase = flags.ignoreCase;
    this.multiline = flags.multiline;
  }

  regex(): Regex {
    this.globalFlags();
    const body = this.choice();
    if (this.at < this.source.length) throw this.fault('an unbalanced parenthesis');
    if (this.ignoreCase && this.source.some((character) => character > '\x7f')) {
      throw this.fault('letters beyond ASCII without regard to case');
    }
    return { body, groups: this.groups, names: this.names, ignoreCase: this.ignoreCase };
  }

  private fault(what: string): Fault {
    return new Fault(`${what} in the regular expression ${JSON.stringify(this.source.join(''))}`);
  }

  private accept(text: string): boolean {
    const found = characters(text).every((character, i) => this.source[this.at + i] === character);
    if (found) this.at += characters(text).length;
    return found;
  }

  private next(): string {
    const character = this.source[this.at];
    if (character === undefined) throw this.fault('an early end');
    this.at += 1;
    return character;
  }

  private globalFlags(): void {
    const [whole, letters] = /^\(\?([a-zA-Z]+)\)/.exec(this.source.join('')) ?? [];
    if (whole === undefined || letters === undefined) return;
    for (const letter of letters) {
      if (letter === 'i') this.ignoreCase = true;
      else if (letter === 'm') this.multiline = true;
      else if (letter === 's') this.dotAll = true;
      else if (letter !== 'u') throw this.fault(`the flag "${letter}", which is not supported,`);
    }
    this.at = whole.length;
  }

  private choice(): Pattern {
    if (this.depth >= MAX_DEPTH) throw this.fault(`more than ${MAX_DEPTH} nested groups`);
    this.depth += 1;
    const options = [this.sequence()];
    while (this.accept('|')) options.push(this.sequence());
    this.depth -= 1;
    const [only] = options;
    return options.length === 1 && only ? only : { kind: 'choice', options };
  }

  private sequence(): Pattern {
    const items: Pattern[] = [];
    while (
      this.at < this.source.length &&
      this.source[this.at] !== '|' &&
      this.source[this.at] !== ')'
    ) {
      if (this.source[this.at] === '{' && this.quantifier()) throw this.fault('nothing to repeat');
      const item = this.item();
      if (item) items.push(this.repeated(item));
      else if (this.quantifier()) throw this.fault('a repeat after a comment');
    }
    return { kind: 'sequence', items };
  }

  /** What a quantifier would apply to; nothing for a comment. */
  private item(): Pattern | undefined {
    const character = this.next();
    switch (character) {
      case '.':
        return { kind: 'character', matches: (code) => this.dotAll || code !== 0x0a };
      case '^':
        return { kind: this.multiline ? 'line-start' : 'start' };
      case '$':
        return { kind: this.multiline ? 'line-end' : 'end' };
      case '(':
        return this.group();
      case '[':
        return this.set();
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
        throw this.fault('nothing to repeat');
      default:
        return this.literal(character);
    }
  }

  private literal(character: string): Pattern {
    const code = character.codePointAt(0) ?? 0;
    const other = this.ignoreCase ? otherCase(code) : code;
    return { kind: 'character', matches: (candidate) => candidate === code || candidate === other };
  }

  private repeated(body: Pattern): Pattern {
    const bounds = this.quantifier();
    if (!bounds) return body;
    const [least, most] = bounds;
    if (/^(?:start|end|line-start|line-end|very-end|boundary)$/.test(body.kind)) {
      throw this.fault('nothing to repeat');
    }
    const lazy = this.accept('?');
    if (this.source[this.at] === '+') throw this.fault('a possessive or multiple repeat');
    if (this.quantifier()) throw this.fault('a multiple repeat');
    return { kind: 'repeat', body, least, most, lazy };
  }

  private quantifier(): [number, number] | undefined {
    if (this.accept('*')) return [0, Infinity];
    if (this.accept('+')) return [1, Infinity];
    if (this.accept('?')) return [0, 1];
    if (this.source[this.at] !== '{') return undefined;
    const found = /^\{(\d*)(,?)(\d*)\}/.exec(this.source.slice(this.at, this.at + 24).join(''));
    const [whole = '', low = '', comma = '', high = ''] = found ?? [];
    if (!found || whole === '{}' || (low === '' && comma === '')) return undefined;
    this.at += whole.length;
    const least = Number(low);
    const most = comma === '' ? least : high === '' ? Infinity : Number(high);
    if (most < least) throw this.fault('a repeat whose least is above its most');
    if (least > MAX_REPEAT || (most > MAX_REPEAT && most !== Infinity)) {
      throw this.fault(`more than ${MAX_REPEAT} repeats`);
    }
    return [least, most];
  }

  private group(): Pattern | undefined {
    if (!this.accept('?')) return this.capture();
    if (this.accept(':')) return this.close(this.choice());
    if (this.accept('#')) {
      while (this.next() !== ')');
      return undefined;
    }
    if (this.accept('=')) return this.look(false, false);
    if (this.accept('!')) return this.look(false, true);
    if (this.accept('<=')) return this.look(true, false);
    if (this.accept('<!')) return this.look(true, true);
    if (this.accept('P<')) return this.capture(this.name('>'));
    if (this.accept('P=')) return this.namedReference();
    throw this.fault('a kind of group that is not supported');
  }

  private close(body: Pattern): Pattern {
    if (!this.accept(')')) throw this.fault('a group that is not closed');
    return body;
  }

  private capture(name?: string): Pattern {
    this.groups += 1;
    const index = this.groups;
    if (name !== undefined) {
      if (this.names.has(name)) throw this.fault(`the group "${name}" twice`);
      this.names.set(name, index);
    }
    this.open.add(index);
    const body = this.close(this.choice());
    this.open.delete(index);
    return { kind: 'group', index, body };
  }

  private name(end: string): string {
    let name = '';
    for (let character = this.next(); character !== end; character = this.next()) name += character;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw this.fault(`the group name "${name}"`);
    return name;
  }

  private namedReference(): Pattern {
    const name = this.name(')');
    const index = this.names.get(name);
    if (index === undefined) throw this.fault(`no group "${name}"`);
    return this.reference(index);
  }

  private reference(index: number): Pattern {
    if (index > this.groups || this.open.has(index)) throw this.fault(`no closed group ${index}`);
    return { kind: 'reference', index };
  }

  private look(isBehind: boolean, negated: boolean): Pattern {
    const body = this.close(this.choice());
    if (!isBehind) return { kind: 'look', behind: undefined, negated, body };
    const [least, most] = widthOf(body);
    if (least !== most) throw this.fault('a look behind of no fixed width');
    return { kind: 'look', behind: least, negated, body };
  }

  private escape(): Pattern {
    const character = this.next();
    const known = classes[character];
    if (known) return { kind: 'character', matches: known };
    if (character === 'A') return { kind: 'start' };
    if (character === 'Z') return { kind: 'very-end' };
    if (character === 'b' || character === 'B')
      return { kind: 'boundary', negated: character === 'B' };
    if (/[1-9]/.test(character)) return this.numberedReference(character);
    return this.literal(this.escaped(character));
  }

  private numberedReference(first: string): Pattern {
    const rest = this.source.slice(this.at, this.at + 2).join('');
    const second = /^\d/.exec(rest)?.[0] ?? '';
    if (second !== '' && /^[0-3][0-7]{2}/.test(first + rest)) throw this.fault('an octal escape');
    if (second !== '') this.at += 1;
    return this.reference(Number(first + second));
  }

  /** The character that an escape stands for, in a set or outside. */
  private escaped(character: string): string {
    const known = simpleEscapes[character];
    if (known !== undefined) return known;
    const digits = { x: 2, u: 4, U: 8 }[character];
    if (digits !== undefined) {
      const hex = this.source.slice(this.at, this.at + digits).join('');
      if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex))
        throw this.fault('an incomplete escape');
      this.at += digits;
      const code = parseInt(hex, 16);
      if (code > 0x10ffff) throw this.fault('an escape that is no character');
      return String.fromCodePoint(code);
    }
    if (/[A-Za-z0-9]/.test(character)) throw this.fault(`the escape "\\${character}"`);
    return character;
  }

  private set(): Pattern {
    const negated = this.accept('^');
    const tests: CharacterTest[] = [];
    for (let first = true; first || this.source[this.at] !== ']'; first = false) {
      tests.push(this.setItem());
    }
    this.at += 1;
    const { ignoreCase } = this;
    const matches = (code: number): boolean =>
      tests.some((test) => test(code) || (ignoreCase && test(otherCase(code)))) !== negated;
    return { kind: 'character', matches };
  }

  private setItem(): CharacterTest {
    const low = this.setMember();
    const isRange = this.source[this.at] === '-' && this.source[this.at + 1] !== ']';
    if (!isRange) return typeof low === 'number' ? (code) => code === low : low;
    this.at += 1;
    const high = this.setMember();
    if (typeof low !== 'number' || typeof high !== 'number' || high < low) {
      throw this.fault('a bad range of characters');
    }
    return (code) => code >= low && code <= high;
  }

  /** One character of a set, or a class. */
  private setMember(): number | CharacterTest {
    let character = this.next();
    if (character === '\\') {
      character = this.next();
      const known = classes[character];
      if (known) return known;
      character = character === 'b' ? '\b' : this.escaped(character);
    }
    return character.codePointAt(0) ?? 0;
  }
}
