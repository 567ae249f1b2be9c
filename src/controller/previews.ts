import type { Config } from '../config/config.ts';
import type { Forge } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import { PreviewLoop } from '../preview/preview-loop.ts';
import type { PlanLoop } from '../reconcile/plan-loop.ts';
import { UntrustedRenderer } from '../render/worker/untrusted-renderer.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface PreviewParts {
  config: Config;
  store: Store;
  repository: PlanRepository;
  forge: Forge;
  plan: () => PlanLoop;
  /** Where people find everything of a preview. */
  pageUrl: (number: number) => string;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  onPull: (number: number) => void;
}

/** The preview loop, and the thread that it renders in. */
export interface Previews {
  loop: PreviewLoop;
  renderer: UntrustedRenderer;
}

/** Builds what shows on pull requests what they would change. */
export function createPreviews({ config, plan, ...parts }: PreviewParts): Previews {
  const renderer = new UntrustedRenderer();
  const loop = new PreviewLoop({
    ...parts,
    renderer,
    branch: config.plan.branch,
    path: config.plan.path,
    pollInterval: config.plan.pollInterval,
    timeout: config.preview.timeout,
    maxRemoved: config.plan.maxRemoved / 100,
    plan: () => plan().current,
    fetched: () => plan().fetched,
  });
  return { loop, renderer };
}
