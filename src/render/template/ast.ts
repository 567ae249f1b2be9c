import type { Float } from '../../plan/yaml/node.ts';
import { unreachable } from './errors.ts';

/** A range of a template's source, in UTF-16 code units. Every node has one. */
export interface SourceRange {
  start: number;
  end: number;
}

export interface Literal extends SourceRange {
  kind: 'literal';
  value: null | boolean | number | bigint | string | Float;
}

export interface Name extends SourceRange {
  kind: 'name';
  name: string;
}

export interface ListExpression extends SourceRange {
  kind: 'list' | 'tuple';
  items: Expression[];
}

export interface DictExpression extends SourceRange {
  kind: 'dict';
  entries: { key: Expression; value: Expression }[];
}

/** `object.name` */
export interface Attribute extends SourceRange {
  kind: 'attribute';
  object: Expression;
  name: string;
}

/** `object[key]`, also `object.0` */
export interface Item extends SourceRange {
  kind: 'item';
  object: Expression;
  key: Expression;
}

/** `object[from:to:step]` */
export interface Slice extends SourceRange {
  kind: 'slice';
  object: Expression;
  from?: Expression;
  to?: Expression;
  step?: Expression;
}

export interface Keyword {
  name: string;
  value: Expression;
}

export interface Call extends SourceRange {
  kind: 'call';
  callee: Expression;
  args: Expression[];
  keywords: Keyword[];
}

/** `input | name(args)`; `nameStart` is where the filter's name stands. */
export interface FilterExpression extends SourceRange {
  kind: 'filter';
  input: Expression;
  name: string;
  nameStart: number;
  args: Expression[];
  keywords: Keyword[];
}

/** `input is name(args)` */
export interface TestExpression extends SourceRange {
  kind: 'test';
  input: Expression;
  name: string;
  nameStart: number;
  args: Expression[];
  keywords: Keyword[];
}

/** What a `filter` block or a `set` block with filters captured: the input of its first filter. */
export interface Captured extends SourceRange {
  kind: 'captured';
}

export interface Unary extends SourceRange {
  kind: 'unary';
  operator: 'not' | '-' | '+';
  operand: Expression;
}

export interface Binary extends SourceRange {
  kind: 'binary';
  operator: '+' | '-' | '*' | '/' | '//' | '%' | '**';
  left: Expression;
  right: Expression;
}

/** `a ~ b ~ c` */
export interface Concat extends SourceRange {
  kind: 'concat';
  parts: Expression[];
}

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

/** `first operator operand …`, chained as in Python. */
export interface Comparison extends SourceRange {
  kind: 'comparison';
  first: Expression;
  rest: { operator: ComparisonOperator; operand: Expression }[];
}

export interface Logic extends SourceRange {
  kind: 'logic';
  operator: 'and' | 'or';
  left: Expression;
  right: Expression;
}

/** `consequent if test else alternate` */
export interface Conditional extends SourceRange {
  kind: 'conditional';
  test: Expression;
  consequent: Expression;
  alternate?: Expression;
}

export type Expression =
  | Literal
  | Name
  | ListExpression
  | DictExpression
  | Attribute
  | Item
  | Slice
  | Call
  | FilterExpression
  | TestExpression
  | Captured
  | Unary
  | Binary
  | Concat
  | Comparison
  | Logic
  | Conditional;

/** What is assigned to: a name, names to unpack to, or (in `set`) a member of a namespace. */
export type Target = Name | TargetTuple | TargetMember;

export interface TargetTuple extends SourceRange {
  kind: 'targets';
  items: Target[];
}

export interface TargetMember extends SourceRange {
  kind: 'member';
  name: string;
  member: string;
}

/** Text as it stands: `source.slice(start, end)`. */
export interface Text extends SourceRange {
  kind: 'text';
  text: string;
}

/** `{{ expression }}` */
export interface Output extends SourceRange {
  kind: 'output';
  expression: Expression;
}

export interface Arm {
  test: Expression;
  body: Statement[];
}

export interface If extends SourceRange {
  kind: 'if';
  /** `if` and every `elif`, in order. */
  arms: [Arm, ...Arm[]];
  otherwise: Statement[];
}

export interface For extends SourceRange {
  kind: 'for';
  target: Name | TargetTuple;
  iterable: Expression;
  filter?: Expression;
  recursive: boolean;
  body: Statement[];
  otherwise: Statement[];
}

export interface SetStatement extends SourceRange {
  kind: 'set';
  target: Target;
  value: Expression;
}

/** `{% set target | filters %}body{% endset %}` */
export interface SetBlock extends SourceRange {
  kind: 'set-block';
  target: Target;
  /** The chain of filters over a Captured, if there are any. */
  filter?: Expression;
  body: Statement[];
}

/** `{% filter name(args) %}body{% endfilter %}` */
export interface FilterBlock extends SourceRange {
  kind: 'filter-block';
  filter: Expression;
  body: Statement[];
}

export interface Parameter {
  name: Name;
  default?: Expression;
}

export interface MacroStatement extends SourceRange {
  kind: 'macro';
  name: Name;
  parameters: Parameter[];
  body: Statement[];
}

/** `{% call(parameters) callee(args) %}body{% endcall %}` */
export interface CallBlock extends SourceRange {
  kind: 'call-block';
  call: Call;
  parameters: Parameter[];
  body: Statement[];
}

export interface Include extends SourceRange {
  kind: 'include';
  template: Expression;
  ignoreMissing: boolean;
  withContext: boolean;
}

export interface Import extends SourceRange {
  kind: 'import';
  template: Expression;
  name: Name;
  withContext: boolean;
}

export interface FromImport extends SourceRange {
  kind: 'from-import';
  template: Expression;
  names: { name: string; alias: Name }[];
  withContext: boolean;
}

export interface With extends SourceRange {
  kind: 'with';
  bindings: { target: Name | TargetTuple; value: Expression }[];
  body: Statement[];
}

export type Statement =
  | Text
  | Output
  | If
  | For
  | SetStatement
  | SetBlock
  | FilterBlock
  | MacroStatement
  | CallBlock
  | Include
  | Import
  | FromImport
  | With;

/** The expressions that stand directly in an expression, in the order in which they are written. */
export function childrenOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'name':
    case 'captured':
      return [];
    case 'list':
    case 'tuple':
      return expression.items;
    case 'dict':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'attribute':
      return [expression.object];
    case 'item':
      return [expression.object, expression.key];
    case 'slice':
      return [expression.object, expression.from, expression.to, expression.step].filter(
        (part) => part !== undefined,
      );
    case 'call':
      return [expression.callee, ...argumentsOf(expression)];
    case 'filter':
    case 'test':
      return [expression.input, ...argumentsOf(expression)];
    case 'unary':
      return [expression.operand];
    case 'binary':
    case 'logic':
      return [expression.left, expression.right];
    case 'concat':
      return expression.parts;
    case 'comparison':
      return [expression.first, ...expression.rest.map(({ operand }) => operand)];
    case 'conditional':
      return [expression.consequent, expression.test, expression.alternate].filter(
        (part) => part !== undefined,
      );
  }
  return unreachable(expression);
}

function argumentsOf({
  args,
  keywords,
}: {
  args: Expression[];
  keywords: Keyword[];
}): Expression[] {
  return [...args, ...keywords.map(({ value }) => value)];
}
