import type { Config } from '../config/config.ts';
import type { Forge } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import { Checker } from '../preview/check.ts';
import { PreviewLoop } from '../preview/preview-loop.ts';
import type { PlanLoop } from '../reconcile/plan-loop.ts';
import { UntrustedRenderer } from '../render/worker/untrusted-renderer.ts';
import type { Runner } from '../runner/runner.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface PreviewParts {
  config: Config;
  store: Store;
  repository: PlanRepository;
  forge: Forge;
  runner: Runner;
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
  const current = (): PlanLoop['current'] => plan().current;
  const checker = new Checker({
    ...parts,
    path: config.plan.path,
    limit: config.preview.checkSites,
    timeout: config.runner.timeout / 1000,
    plan: current,
  });
  const loop = new PreviewLoop({
    ...parts,
    renderer,
    check: (work) => checker.check(work),
    branch: config.plan.branch,
    path: config.plan.path,
    pollInterval: config.plan.pollInterval,
    timeout: config.preview.timeout,
    maxRemoved: config.plan.maxRemoved / 100,
    plan: current,
    fetched: () => plan().fetched,
  });
  return { loop, renderer };
}
