import type { z } from 'zod';

import { nearest } from '../model/nearest.ts';
import type { Problem } from '../model/problem.ts';
import type { ConfigFile } from './file.ts';
import type { Merged } from './origins.ts';
import { SECRETS, settings } from './schema.ts';

type Issue = z.core.$ZodIssue;

/** Turns what the schema found wrong into problems: one for each fault, at the place where it was made. */
export function toProblems(
  issues: readonly Issue[],
  merged: Merged,
  file: ConfigFile | undefined,
): Problem[] {
  const seen = new Set<string>();
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key], merged, file));
    }
    const path = issue.path.join('.');
    // What is of the wrong kind breaks further rules as well.
    if (seen.has(path)) return [];
    seen.add(path);
    const value = valueAt(merged.values, issue.path);
    const setting = settings.find((candidate) => candidate.path.join('.') === path);
    if (value === undefined) {
      const variable = setting && `, or set ${setting.variable}`;
      const hint = issue.code === 'custom' ? {} : { hint: `set it in the file${variable ?? ''}` };
      const text = issue.code === 'custom' ? issue.message : 'is missing';
      return [{ message: `${path} ${text}`, ...hint, ...place(issue.path, merged, file) }];
    }
    const name =
      setting && merged.origins.get(path) === 'environment' ? `${setting.variable}: ${path}` : path;
    const text = fault(issue, value, SECRETS.has(path.split('.').at(-1)!));
    return [{ message: `${name} ${text}`, ...place(issue.path, merged, file) }];
  });
}

function unknownKey(
  path: readonly PropertyKey[],
  merged: Merged,
  file: ConfigFile | undefined,
): Problem {
  const inside = path.slice(0, -1);
  const word = String(path.at(-1));
  const depth = inside.length;
  const siblings = settings
    .filter((setting) => inside.every((key, index) => setting.path[index] === key))
    .map((setting) => setting.path[depth])
    .filter((key) => key !== undefined);
  // The right word in the wrong section is as likely as a slip of the pen.
  const elsewhere = settings.find((setting) => setting.path.at(-1) === word)?.path.join('.');
  const meant = nearest(word, siblings) ?? elsewhere;
  const where = depth === 0 ? 'a setting' : `a setting of ${inside.join('.')}`;
  return {
    message: `"${word.slice(0, 80)}" is not ${where}`,
    ...(meant !== undefined && { hint: `did you mean "${meant}"?` }),
    ...place(path, merged, file),
  };
}

/** The position in the file, unless the value came from somewhere else. */
export function place(
  path: readonly PropertyKey[],
  merged: Merged,
  file: ConfigFile | undefined,
): Pick<Problem, 'position'> {
  const origin = merged.origins.get(path.join('.')) ?? 'file';
  return file && origin === 'file' ? { position: file.positionOf(path) } : {};
}

/** What is wrong with a value that is there; shows it only where it cannot hold a secret. */
function fault(issue: Issue, value: unknown, secret: boolean): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'too_small' && issue.origin === 'string') return issue.message;
  const shown = secret || typeof value === 'object' ? kindOf(value) : quoted(value);
  return `${expectation(issue)}, not ${shown}`;
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type' && !issue.message.startsWith('must')) {
    return `must be ${WORDS[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === 'invalid_value') return `must be ${alternatives(issue.values.map(String))}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return issue.message;
}

const WORDS: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  object: 'a section',
};

function quoted(value: unknown): string {
  return JSON.stringify(value).slice(0, 80);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a section' : `a ${typeof value}`;
}

function alternatives(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  let value = values;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return value;
}
