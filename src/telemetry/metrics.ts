import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { SiteState } from '../model/site.ts';
import { type MetricDefinition, METRICS } from './definitions.ts';

type Definitions = typeof METRICS;

type MetricOf<D> = D extends { type: infer Type; labels: readonly (infer Label)[] }
  ? Type extends 'counter'
    ? Counter<Label & string>
    : Type extends 'gauge'
      ? Gauge<Label & string>
      : Histogram<Label & string>
  : never;

type MetricSet = { readonly [Name in keyof Definitions]: MetricOf<Definitions[Name]> };

/** What is told of one site where series per site are on. */
export interface SiteSample {
  state: SiteState;
  /** Plan revision applied there. */
  revision: string | null;
  /** Milliseconds since 1970. */
  lastAppliedAt: number | null;
}

/** What is told of the agent at one site where series per site are on. */
export interface AgentSample {
  /** Milliseconds since 1970. */
  lastContactAt: number | null;
  lag: number;
  owed: number | null;
}

export type Metrics = MetricSet & {
  readonly registry: Registry;
  /** Brings a site's series up to date; they show only where series per site are on. */
  site(name: string, sample: SiteSample): void;
  /** Brings the series of a site's agent up to date, in the same way; null: it has none. */
  agent(name: string, sample: AgentSample | null): void;
  /** Takes the series of a removed site away. */
  removeSite(name: string): void;
};

export interface MetricsOptions {
  registry?: Registry;
  /** `auto` (the default): while there are no more sites than `perSiteLimit`. */
  perSite?: 'auto' | 'on' | 'off';
  /** 2,000 unless told otherwise. */
  perSiteLimit?: number;
}

/**
 * Makes every metric, in a registry of its own unless one is given, along with those of the process and of Node.
 * Nothing is shared between two calls.
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { registry = new Registry(), perSite = 'auto', perSiteLimit = 2_000 } = options;
  const sites = new Map<string, SiteSample>();
  const agents = new Map<string, AgentSample>();
  const shown = () =>
    perSite === 'on' || (perSite === 'auto' && sites.size <= perSiteLimit) ? sites : [];

  const shownAgents = () => {
    const all = perSite === 'on' || (perSite === 'auto' && agents.size <= perSiteLimit);
    return all ? agents : [];
  };

  // Told at each scrape from what is known then: no series outlives its site or its state.
  const metrics = createSet(registry, {
    siteInfo: () => {
      metrics.siteInfo.reset();
      for (const [site, { state, revision }] of shown()) {
        metrics.siteInfo.set({ site, state, revision: revision ?? '' }, 1);
      }
    },
    siteLastApplied: () => {
      metrics.siteLastApplied.reset();
      for (const [site, { lastAppliedAt }] of shown()) {
        if (lastAppliedAt !== null) metrics.siteLastApplied.set({ site }, lastAppliedAt / 1000);
      }
    },
    agentLastContact: () => {
      metrics.agentLastContact.reset();
      for (const [site, { lastContactAt }] of shownAgents()) {
        if (lastContactAt !== null) metrics.agentLastContact.set({ site }, lastContactAt / 1000);
      }
    },
    agentLag: () => {
      metrics.agentLag.reset();
      for (const [site, { lag }] of shownAgents()) metrics.agentLag.set({ site }, lag);
    },
    agentOwed: () => {
      metrics.agentOwed.reset();
      for (const [site, { owed }] of shownAgents()) {
        if (owed !== null) metrics.agentOwed.set({ site }, owed);
      }
    },
  });
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);

  return {
    ...metrics,
    registry,
    site: (name, sample) => void sites.set(name, sample),
    agent: (name, sample) => void (sample ? agents.set(name, sample) : agents.delete(name)),
    removeSite: (name) => {
      sites.delete(name);
      agents.delete(name);
    },
  };
}

/** Gauges of prom-client whose names say counter; their series by type, of the same name without the end, stay. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

function createSet(
  registry: Registry,
  collectors: { readonly [Name in keyof Definitions]?: () => void },
): MetricSet {
  const collectorOf = new Map(Object.entries(collectors));
  const set = Object.entries(METRICS).map(([property, definition]) => [
    property,
    create(definition, registry, collectorOf.get(property)),
  ]);
  // Each property is made from the definition that its type is derived from.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(set) as MetricSet;
}

function create(
  definition: MetricDefinition,
  registry: Registry,
  collect: (() => void) | undefined,
): Counter | Gauge | Histogram {
  const { name, help, labels: labelNames } = definition;
  const configuration = { name, help, labelNames, registers: [registry] };
  if (definition.type === 'histogram') {
    return new Histogram({ ...configuration, buckets: [...definition.buckets] });
  }
  if (definition.type === 'counter') return new Counter(configuration);
  return new Gauge({ ...configuration, ...(collect && { collect }) });
}
