import { _, type Ajv2020, type Code, type KeywordCxt, str } from 'ajv/dist/2020.js';

/**
 * Has a validator compare values in its keywords `const`, `enum` and `uniqueItems` by what they hold. Its own way fails
 * on objects without a prototype, and on keys such as `valueOf`, and compares each element of a list with each.
 */
export function addEquality(ajv: Ajv2020): void {
  for (const keyword of ['const', 'enum', 'uniqueItems']) ajv.removeKeyword(keyword);
  ajv.addKeyword({
    keyword: 'const',
    error: {
      message: 'must be equal to constant',
      params: ({ schemaCode }) => _`{allowedValue: ${schemaCode}}`,
    },
    code: (context) => {
      const allowed = textOf(context.schema);
      context.pass(call(context, (data) => textOf(data) === allowed));
    },
  });
  ajv.addKeyword({
    keyword: 'enum',
    schemaType: 'array',
    error: {
      message: 'must be equal to one of the allowed values',
      params: ({ schemaCode }) => _`{allowedValues: ${schemaCode}}`,
    },
    code: (context) => {
      const allowed = new Set(context.schema.map(textOf));
      if (allowed.size === 0) throw new Error('enum must have non-empty array');
      context.pass(call(context, (data) => allowed.has(textOf(data))));
    },
  });
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    error: {
      message: ({ params: { i, j } }) =>
        str`must NOT have duplicate items (items ## ${j} and ${i} are identical)`,
      params: ({ params: { i, j } }) => _`{i: ${i}, j: ${j}}`,
    },
    code: (context) => {
      if (context.schema !== true) return;
      const found = context.gen.const('found', call(context, duplicate));
      context.setParams({ i: _`${found}.i`, j: _`${found}.j` });
      context.fail(found);
    },
  });
}

/** Code that calls a function of ours with the value that is looked at. */
function call({ gen, data }: KeywordCxt, asked: (data: unknown) => unknown): Code {
  return _`${gen.scopeValue('func', { ref: asked })}(${data})`;
}

/** The first element of a list that was there before, and where. */
function duplicate(items: unknown): { i: number; j: number } | undefined {
  if (!Array.isArray(items)) return undefined;
  const first = new Map<string, number>();
  for (const [i, item] of items.entries()) {
    const text = textOf(item);
    const j = first.get(text);
    if (j !== undefined) return { i, j };
    first.set(text, i);
  }
  return undefined;
}

/** The same text for equal values of JSON, and only for them: the order of keys does not count. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  const members = Object.entries(value).map(([key, member]) => {
    return `${JSON.stringify(key)}:${textOf(member)}`;
  });
  return `{${members.toSorted().join()}}`;
}
