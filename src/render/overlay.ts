import type { Problem } from '../model/problem.ts';
import type { TreeFile } from '../model/tree.ts';
import { fold } from '../plan/paths.ts';
import type { Plan } from '../plan/plan.ts';
import { quoted, topOf } from '../plan/shape.ts';

/**
 * Puts a site's own files in place of rendered ones, and takes away those that it goes without.
 * @returns files that cannot stand beside the others: one where the others make a folder, or the other way round
 */
export function applyOverlay(plan: Plan, site: string, tree: Map<string, TreeFile>): Problem[] {
  const overlay = plan.overlays.get(site);
  if (!overlay) return [];
  for (const path of overlay.absent) tree.delete(path);
  for (const [path, source] of overlay.files) tree.set(path, plan.files.get(source)!);
  return [...overlay.files].flatMap(([path, source]) => {
    const other = obstacle(tree.keys(), path);
    if (other === undefined) return [];
    const message = `${quoted(path)} cannot stand in the site tree beside ${quoted(other)}`;
    const hint = 'name one of them differently, or list the other as absent';
    return [{ message, position: topOf(source), hint }];
  });
}

/** A path of the tree that could not be on every file system together with this one. */
function obstacle(paths: Iterable<string>, path: string): string | undefined {
  const folded = fold(path);
  for (const other of paths) {
    if (other === path) continue;
    const key = fold(other);
    if (key === folded || key.startsWith(`${folded}/`) || folded.startsWith(`${key}/`))
      return other;
  }
  return undefined;
}
