import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type RegistryContentType,
} from 'prom-client';

import type { SiteState } from '../model/site.ts';
import { METRICS } from './definitions.ts';

type Definitions = typeof METRICS;

type MetricOf<D> = D extends { type: infer Type; labels: readonly (infer Label)[] }
  ? Type extends 'counter'
    ? Counter<Label & string>
    : Type extends 'gauge'
      ? Gauge<Label & string>
      : Histogram<Label & string>
  : never;

/** What is told of one site where series per site are on. */
export interface SiteSample {
  state: SiteState;
  /** Plan revision applied there. */
  revision: string | null;
  /** Milliseconds since 1970. */
  lastAppliedAt: number | null;
}

export type Metrics = { readonly [K in keyof Definitions]: MetricOf<Definitions[K]> } & {
  readonly registry: Registry;
  /** Tells a site's series; they show only where series per site are on. */
  site(name: string, sample: SiteSample): void;
  /** Takes a removed site's series away. */
  removeSite(name: string): void;
};

export interface MetricsOptions {
  registry?: Registry<RegistryContentType>;
  /** `auto` (the default): as long as there are no more sites than `perSiteLimit` (2,000). */
  perSite?: 'auto' | 'on' | 'off';
  perSiteLimit?: number;
}

export declare function createMetrics(options?: MetricsOptions): Metrics;
export { collectDefaultMetrics, METRICS };
