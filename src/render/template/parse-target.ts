import type * as ast from './ast.ts';
import { Fault } from './errors.ts';
import { TokenReader } from './token-reader.ts';

/** Names that stand for an operator, or a part of one. */
export const keywords = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else']);

/** Names that stand for a value. */
export const constants = new Map<string, null | boolean>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

/** The part of the parser that reads what is assigned to. */
export class TargetParser extends TokenReader {
  /** A name to assign to. */
  protected nameTarget(): ast.Name {
    const { value, start, end } = this.expectName('a name');
    if (constants.has(value) || keywords.has(value) || value === 'loop' || value === 'self') {
      throw new Fault(`"${value}" cannot be assigned to`, { offset: start });
    }
    return { kind: 'name', name: value, start, end };
  }

  /** A name, or names with commas between them to unpack to. */
  protected targets(endNames: string[]): ast.Name | ast.TargetTuple {
    return this.unpacked(endNames, () => this.singleTarget());
  }

  /** As `targets`, members of a namespace allowed. */
  protected setTarget(): ast.Target {
    return this.unpacked<ast.Target>([], () => {
      const next = this.ahead(1);
      if (this.token.type !== 'name' || next.type !== 'operator' || next.value !== '.') {
        return this.singleTarget();
      }
      const name = this.nameTarget();
      this.expect('.');
      const member = this.expectName('a name');
      const { start } = name;
      return { kind: 'member', name: name.name, member: member.value, start, end: member.end };
    });
  }

  private singleTarget(): ast.Name | ast.TargetTuple {
    if (!this.accept('(')) return this.nameTarget();
    const inner = this.deeper(() => this.unpacked([], () => this.singleTarget()));
    this.expect(')');
    return inner;
  }

  private unpacked<Single extends ast.Target>(
    endNames: string[],
    read: () => Single,
  ): Single | ast.TargetTuple {
    const first = read();
    const items = [first];
    let commas = false;
    while (this.accept(',')) {
      commas = true;
      if (this.isOperator(')') || endNames.some((name) => this.isKeyword(name))) break;
      if (this.token.type === 'block-end' || this.isOperator('=')) break;
      items.push(read());
    }
    if (!commas) return first;
    return { kind: 'targets', items, start: first.start, end: this.previousEnd };
  }
}
