import { type BackportRequest, backport } from '../../src/backport/backport.ts';
import { recommendedSet } from '../../src/backport/recommended.ts';
import type { BackportResult } from '../../src/model/proposal.ts';
import type { SiteTree } from '../../src/model/tree.ts';
import { loadPlan } from '../../src/plan/load.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { renderSite, traceFile } from '../../src/render/render.ts';
import { shownResult } from './backport-laws.ts';
import { planFiles } from './plan-files.ts';

/**
 * The laws that say that two things are the same, each as a function that tells what breaks it. What does the work can
 * be another than ours, so that a test can put a faulty one in.
 */

/** Law 2: sites of a plan for which something is proposed or listed though nothing was edited. */
export function brokenGetPut(
  plan: Plan,
  work: (request: BackportRequest) => BackportResult = backport,
): string[] {
  return [...plan.sites.keys()].flatMap((site) => {
    const observed = renderSite(plan, site).tree;
    const result = work({ plan, revision: 'r', site, observed, place: 'auto' });
    const told = [
      ...result.proposals.map(({ title }) => title),
      ...result.unexplained.map(({ path }) => path),
    ];
    return told.map((what) => `GetPut: ${what} at ${site}`);
  });
}

/** The tracer against the fast path: files of a site whose trace is not what is rendered, or leaves a gap. */
export function brokenTraces(
  plan: Plan,
  site: string,
  tree: SiteTree,
  trace: typeof traceFile = traceFile,
): string[] {
  return tracedPaths(tree).flatMap((path) => {
    const traced = trace(plan, site, path);
    if (!traced) return [`Trace: there is none of ${path}`];
    const { text, pieces } = traced;
    const faults = text === tree.get(path)!.content.toString() ? [] : ['is not what is rendered'];
    let end = 0;
    for (const piece of pieces) {
      if (piece.start !== end) faults.push(`has a gap or an overlap at ${piece.start}`);
      ({ end } = piece);
    }
    if (end !== text.length) faults.push('ends before its text');
    return faults.map((fault) => `Trace: that of ${path} at ${site} ${fault}`);
  });
}

/** Files of random plans that come from templates. */
export function tracedPaths(tree: SiteTree): string[] {
  return [...tree.keys()].filter((path) => path.endsWith('.conf'));
}

/** Law 1: what differs when the same bytes come in another order, with nothing kept of the first time. */
export function brokenPurity(
  source: Readonly<Record<string, string>>,
  request: Omit<BackportRequest, 'revision'>,
  work: (request: BackportRequest) => BackportResult = backport,
  render: typeof renderSite = renderSite,
): string[] {
  const { plan } = loadPlan(new Map([...planFiles(source)].toReversed()));
  if (!plan) return ['Purity: in another order the plan is not valid'];
  const faults = [...request.plan.sites.keys()].flatMap((site) => {
    const [one, other] = [render(request.plan, site), render(plan, site)];
    return one.digest === other.digest ? [] : [`Purity: ${site} renders otherwise`];
  });
  const result = work({ ...request, revision: 'r' });
  const observed = new Map([...request.observed].toReversed());
  const again = work({ ...request, plan, observed, revision: 'r' });
  if (JSON.stringify(shownResult(result)) === JSON.stringify(shownResult(again))) return faults;
  const [first, second] = [result, again].map((one) =>
    recommendedSet(one).map(({ title }) => title),
  );
  return [...faults, `Purity: ${first!.join(', ')}; asked again ${second!.join(', ')}`];
}
