import type { SiteStore } from '../git/site-store.ts';
import { Redactor } from '../model/redact.ts';
import type { TreeFile } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { secretValuesIn } from '../plan/secrets.ts';
import { siteImports } from '../reconcile/stale-imports.ts';
import { explainFile, explainKeyOf } from '../render/explain/explain.ts';
import type { Inspect } from '../server/options.ts';
import type { Store } from '../store/store.ts';

/** No file that is told to people is larger (characters). */
const MAX_TEXT = 256 * 1024;

/** Lets people look into what the plan asks for at a site, and where it comes from. */
export function createInspect(options: {
  store: Store;
  trees: SiteStore;
  plan: () => Plan | undefined;
  now: () => number;
}): Inspect {
  const { store, trees, plan, now } = options;
  const desired = async (site: string): Promise<string | null> =>
    (await store.sites.get(site))?.desiredCommit ?? null;
  return {
    async files(site) {
      const commit = await desired(site);
      if (commit === null) return undefined;
      const tree = await trees.readTree(commit);
      const paths = [...tree.keys()].toSorted();
      return { commit, files: paths.map((path) => nameOf(path, tree.get(path)!)) };
    },
    async file(site, path) {
      const commit = await desired(site);
      if (commit === null) return undefined;
      const tree = await trees.readTree(commit);
      const file = tree.get(path);
      if (!file) return undefined;
      const name = nameOf(path, file);
      if (file.content.includes(0)) return { ...name, text: null, cut: false };
      const redactor = new Redactor(secretValuesIn(plan(), site, tree));
      const text = redactor.redact(file.content.toString());
      return { ...name, text: text.slice(0, MAX_TEXT), cut: text.length > MAX_TEXT };
    },
    async imports(site) {
      const current = plan();
      return current?.sites.has(site) ? siteImports(store, current, site, now()) : [];
    },
    explain(site, what) {
      const current = plan();
      if (!current) return undefined;
      return 'key' in what
        ? explainKeyOf(current, site, what.key)
        : explainFile(current, site, what.file, what.line);
    },
  };
}

function nameOf(path: string, { mode, content }: TreeFile) {
  return { path, executable: mode === '100755', size: content.length };
}
