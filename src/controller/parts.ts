import { PlanRepository } from '../git/plan-repository.ts';
import { SiteStore } from '../git/site-store.ts';
import { messageOf } from '../model/errors.ts';
import { openStore, type Store } from '../store/store.ts';
import { Agents, type AgentsOptions } from './agents/agents.ts';
import { type BundleTools, openBundleTools } from './agents/bundle-tools.ts';
import type { ControllerOptions } from './controller.ts';
import type { DataDirectory } from './data-directory.ts';

/** What a controller works on, and has to be closed again. */
export interface Parts {
  store: Store;
  trees: SiteStore;
  repository: PlanRepository;
  agents: Agents;
  tools: BundleTools;
}

/** Opens them, each of them to be closed with `opened`. Throws `UserError` where one cannot be. */
export async function openParts(
  options: ControllerOptions,
  directory: DataDirectory,
  opened: AsyncDisposableStack,
  hooks: Pick<AgentsOptions, 'plan' | 'onSite'>,
): Promise<Parts> {
  const { config, log, metrics, now = Date.now } = options;
  const onOperation = (operation: string, result: 'success' | 'error', seconds: number): void => {
    metrics.gitOperations.inc({ operation, result });
    metrics.gitOperationDuration.observe({ operation }, seconds);
  };
  const store = await openStore({ file: directory.database });
  opened.defer(() => store.close());
  const trees = await SiteStore.open({
    directory: directory.siteStore,
    onOperation,
    onRefError: (error) =>
      log.warn({ error: messageOf(error) }, 'refs could not be moved: they follow with the next'),
  });
  opened.defer(() => trees.close());
  const repository = await PlanRepository.open({
    directory: directory.planMirror,
    url: config.plan.url,
    branch: config.plan.branch,
    token: options.credentials.gitToken,
    onOperation,
  });
  opened.defer(() => repository.close());
  const limits = { bytes: config.agents.maxReturnMib * 2 ** 20 };
  const tools = options.bundles ?? (await openBundleTools(directory.root, limits));
  const agents = await Agents.open({
    directory: directory.root,
    config: config.agents,
    store,
    trees,
    tools,
    log,
    metrics,
    now,
    ...hooks,
  });
  opened.defer(() => agents.stop());
  return { store, trees, repository, agents, tools };
}
