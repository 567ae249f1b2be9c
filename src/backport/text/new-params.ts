import { posix } from 'node:path';

import { siteParams } from '../../plan/layers.ts';
import type { Plan } from '../../plan/plan.ts';
import { makeNode } from '../../plan/yaml/make.ts';
import { Tagged, type Value } from '../../plan/yaml/node.ts';
import type { SourceChange } from '../changes.ts';
import { keyOf, type Turn } from './element-keys.ts';
import type { TracedText } from './traced-text.ts';

/** A longer name is read by nobody (characters). */
const MAX_NAME = 48;
/** What a name may not be: names that templates see or the language has for itself. */
const RESERVED = new Set(
  'site imports true false none True False None and or not in is if else elif for set loop range dict namespace'.split(
    ' ',
  ),
);

/** Names for the parameters that an edit of a template introduces, each used once. */
export class NewParams {
  readonly #traced: TracedText;
  readonly #stem: string;
  readonly #taken = new Set<string>();

  constructor(traced: TracedText) {
    this.#traced = traced;
    const { name } = posix.parse(traced.template.replace(/\.j2$/, ''));
    this.#stem = identifier(name);
  }

  /** A name after what the parameter is about: `chrony_logdir` for a word `logdir` in `chrony.conf`. */
  name(about: string): string {
    const { plan, site } = this.#traced;
    const subject = identifier(about);
    const parts = [this.#stem, subject === this.#stem ? 'own' : subject];
    const start = parts.filter((part) => part !== '').join('_');
    const base = (/^[A-Za-z_]/.test(start) ? start : `text_${start}`).slice(0, MAX_NAME);
    const params = siteParams(plan, site).entries;
    let name = base;
    for (let number = 2; this.#isTaken(plan, params, name); number += 1) name = `${base}_${number}`;
    this.#taken.add(name);
    return name;
  }

  #isTaken(plan: Plan, params: ReadonlyMap<string, unknown>, name: string): boolean {
    if (RESERVED.has(name) || this.#taken.has(name) || params.has(name)) return true;
    for (const { root } of plan.layerDocuments.values()) if (root.entries.has(name)) return true;
    for (const { params: own } of plan.sites.values()) if (own?.entries.has(name)) return true;
    return new RegExp(`\\b${name}\\b`).test(this.#traced.source(this.#traced.template));
  }
}

/** What stands before a place of a text, as the name of what is there: the last word of its line. */
export function subjectOf(text: string, at: number): string | undefined {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /([A-Za-z][\w-]*)[^A-Za-z]*$/.exec(line)?.[1];
}

/** A parameter that a template is to have, of which only this site says anything. */
export interface OwnParam {
  /** The expression that stands for it in the template; undefined for other sites. */
  reference: string;
  change: SourceChange;
}

/**
 * The parameter, given to this site alone.
 * @param turns of loops that it is said in: then it is a mapping, and speaks of that turn alone
 * @returns undefined where nothing tells the turn from others
 */
export function ownParam(
  name: string,
  value: Value,
  turns: readonly Turn[] | undefined,
): OwnParam | undefined {
  if (!turns) return undefined;
  const key = keyOf(turns);
  if (!key && turns.length > 0) return undefined;
  const after = makeNode(key ? new Map([[key.value, value]]) : value);
  const change = { kind: 'set', path: [name], before: undefined, after } as const;
  return {
    reference: key ? `(${name} | default({}))[${key.expression}]` : name,
    change: { source: 'params', base: [], change, own: true },
  };
}

/** Text as the value of a parameter: what was a number and is one stays one. Undefined where none can hold it. */
export function ownValue(was: string, text: string): Value | undefined {
  const number = /^(?:0|[1-9]\d{0,14})$/;
  if (number.test(was) && number.test(text)) return Number(text);
  if (text.includes('\r')) return undefined;
  // Ansible would take the braces for a template of its own.
  return /\{[{%#]/.test(text) ? new Tagged('!unsafe', text) : text;
}

function identifier(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toLowerCase();
}

/** Text as a literal of an expression. */
export function literalOf(text: string): string {
  if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return text;
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  const mark = escaped.includes("'") && !escaped.includes('"') ? '"' : "'";
  return mark + escaped.replaceAll(mark, `\\${mark}`) + mark;
}

/** Text that a template prints as it stands. */
export function fixedText(text: string): string {
  return text.replaceAll(/\{(?=[{%#])/g, "{{ '{' }}");
}
