import { readFile, writeFile } from 'node:fs/promises';

import { z } from 'zod';

import { errorCode, InvalidInput, messageOf, UserError } from '../model/errors.ts';
import { type Json, MAX_OUTPUT } from '../model/outputs.ts';
import { exporterKey } from '../plan/exports.ts';
import type { Gathered, Plan } from '../plan/plan.ts';

const MAX_FILE = 16 * 1024 * 1024;

/** Site → stack → name → value. */
const exportsSchema = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.json())));

/**
 * Reads a file of gathered values: JSON, site → stack → name → value. One that is not there yet holds nothing.
 * @throws UserError if it is something else
 */
export async function readExports(file: string): Promise<Gathered> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return new Map();
    throw new UserError(`cannot read ${file}: ${messageOf(error)}`);
  }
  const shape = 'it must be JSON such as {"SITE": {"STACK": {"NAME": "value"}}}';
  if (text.length > MAX_FILE) throw new UserError(`${file} is larger than ${MAX_FILE} characters`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${file} is not JSON: ${shape}`);
  }
  const read = exportsSchema.safeParse(json);
  if (!read.success) throw new UserError(`${file} cannot be used: ${shape}`);
  return new Map(
    Object.entries(read.data).flatMap(([site, stacks]) =>
      Object.entries(stacks).map(
        ([stack, values]) =>
          [exporterKey(site, stack), new Map<string, Json>(Object.entries(values))] as const,
      ),
    ),
  );
}

/** Holds values that somebody wrote down to what the plan's stacks say of them. Throws `InvalidInput`. */
export function checkExports(file: string, plan: Plan, gathered: Gathered): void {
  const problems = [...gathered].flatMap(([key, values]) => {
    const [site = '', stackName = ''] = key.split('/');
    const stack = plan.stacks.get(stackName);
    if (!stack || !plan.sites.get(site)?.stacks.includes(stackName))
      return [{ message: `${file}: the plan has no stack ${stackName} at a site ${site}` }];
    return [...values].flatMap(([name, value]) => {
      const what = `${file}: ${key}: ${name}`;
      const rule = stack.exportedValues.get(name);
      if (!rule) return [{ message: `${what} is nothing that the stack gathers` }];
      const large = JSON.stringify(value).length > MAX_OUTPUT;
      const fault = large ? `it is larger than ${MAX_OUTPUT} characters` : rule.fault(value);
      return fault === undefined ? [] : [{ message: `${what}: ${fault}` }];
    });
  });
  if (problems.length > 0) throw new InvalidInput(problems);
}

/** Writes a file of gathered values, with what an apply gathered added to what was known. */
export async function writeExports(
  file: string,
  known: Gathered,
  more: { site: string; stack: string; name: string; value: Json }[],
): Promise<void> {
  const all: Record<string, Record<string, Record<string, Json>>> = {};
  const add = (site: string, stack: string, name: string, value: Json): void => {
    ((all[site] ??= {})[stack] ??= {})[name] = value;
  };
  for (const [key, values] of known) {
    const [site = '', stack = ''] = key.split('/');
    for (const [name, value] of values) add(site, stack, name, value);
  }
  for (const { site, stack, name, value } of more) add(site, stack, name, value);
  await writeFile(file, `${JSON.stringify(all, null, 2)}\n`);
}
