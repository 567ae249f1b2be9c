import canonicalize from 'canonicalize';

import { type Json, MAX_OUTPUT, type OutputFault, type OutputRule } from '../model/outputs.ts';
import type { RunReport } from '../model/run.ts';
import { sha256 } from '../model/tree.ts';
import { exporterKey } from '../plan/exports.ts';
import type { ExportedValue, Gathered, Plan } from '../plan/plan.ts';
import type { ExportRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';

const NOT_GATHERED = 'the last apply did not gather it';

interface Wanted {
  stack: string;
  rule: ExportedValue;
}

/** What an apply of a site is to gather. */
export function outputsWanted(plan: Plan, site: string): Record<string, OutputRule> {
  const rules = [...wantedAt(plan, site)].map(([name, { rule }]) => [
    name,
    { secret: rule.secret },
  ]);
  return Object.fromEntries(rules);
}

function wantedAt(plan: Plan, site: string): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const stack of plan.sites.get(site)?.stacks ?? [])
    for (const [name, rule] of plan.stacks.get(stack)?.exportedValues ?? [])
      wanted.set(name, { stack, rule });
  return wanted;
}

/**
 * A report with only those gathered values that the plan asks for at the site and that are what it says of them; the
 * others are told with the reason, and are nowhere in it. To be called before anything of a report is kept, wherever
 * the report comes from.
 */
export function judgedReport(plan: Plan | undefined, report: RunReport): RunReport {
  const { outputs, outputFaults, ...rest } = report;
  if (!outputs && !outputFaults) return report;
  const wanted = plan ? wantedAt(plan, report.site) : new Map<string, Wanted>();
  const good = new Map<string, Json>();
  const faults: OutputFault[] = (outputFaults ?? [])
    .filter(({ name }) => wanted.has(name))
    .map(({ name, reason }) => ({ name, reason: reason.slice(0, 300) }));
  for (const [name, value] of Object.entries(outputs ?? {})) {
    const rule = wanted.get(name)?.rule;
    if (!rule) continue;
    const reason =
      JSON.stringify(value).length > MAX_OUTPUT
        ? `it is larger than ${MAX_OUTPUT} characters`
        : rule.fault(value);
    if (reason === undefined) good.set(name, value);
    else faults.push({ name, reason });
  }
  return {
    ...rest,
    ...(good.size > 0 && { outputs: Object.fromEntries(good) }),
    ...(faults.length > 0 && { outputFaults: faults }),
  };
}

/**
 * Keeps what a successful apply gathered, for those who import it. What it should have gathered and did not keeps the
 * value that is known, with the reason.
 * @param report one that `judgedReport` gave
 * @param at the run, and the revision that it applied
 */
export async function recordOutputs(
  store: Store,
  plan: Plan,
  report: RunReport,
  at: { runId: string; revision: string },
): Promise<void> {
  const { site, endedAt, outputs = {}, outputFaults = [] } = report;
  const faults = new Map(outputFaults.map(({ name, reason }) => [name, reason]));
  const rows = [...wantedAt(plan, site)].map(([name, { stack }]): Omit<ExportRow, 'taken'> => {
    const value = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
    const good = value !== undefined;
    return {
      site,
      stack,
      name,
      value: good ? value : null,
      digest: good ? sha256(canonicalize(value)!) : null,
      fault: good ? null : (faults.get(name) ?? NOT_GATHERED),
      ...at,
      gatheredAt: endedAt,
    };
  });
  if (rows.length > 0) await store.exports.record(rows);
}

/** What is known of gathered values, as rendering takes it. */
export function gatheredOf(rows: Iterable<ExportRow>, before?: Gathered): Gathered {
  const gathered = new Map<string, Map<string, Json>>();
  for (const { site, stack, name, value, digest } of rows) {
    if (digest === null) continue;
    const key = exporterKey(site, stack);
    const values = gathered.get(key) ?? new Map<string, Json>(before?.get(key));
    gathered.set(key, values.set(name, value));
  }
  return before ? new Map([...before, ...gathered]) : gathered;
}
