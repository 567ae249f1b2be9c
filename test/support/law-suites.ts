import * as fc from 'fast-check';

import { recommendedSet } from '../../src/backport/recommended.ts';
import { secretForms } from '../../src/model/redact.ts';
import { changedPaths, type SiteTree } from '../../src/model/tree.ts';
import { renderSite } from '../../src/render/render.ts';
import { backportCase, tellingCase, work, type WorkedCase } from './backport-cases.ts';
import { shownText } from './backport-laws.ts';
import { planOf } from './backport-plan.ts';
import { brokenFleetLaws, fleetCase, groupsOf } from './fleet-cases.ts';
import { TYPED } from './random-edits.ts';
import { randomPlan } from './random-plans.ts';
import { planSource, richPlan } from './random-rich-plans.ts';
import {
  freeCase,
  hiddenCase,
  prepareFree,
  prepareHidden,
  type Uses,
  type Worked,
  worked,
} from './rich-cases.ts';
import { brokenLaws } from './rich-laws.ts';
import { brokenGetPut, brokenPurity, brokenTraces, tracedPaths } from './same-laws.ts';

/** The laws of working backwards, as cases count for them. */
export const LAWS = [
  'GetPut',
  'PutGet',
  'Totality',
  'Blast radius',
  'Minimal edit',
  'Secrets',
  'Purity',
  'Trace',
] as const;
export type Law = (typeof LAWS)[number];

/** What a case says: what breaks a law, with the law's name in front, and how much of each law was judged. */
export interface Judgement {
  broken: string[];
  judged: Partial<Record<Law, number>>;
}

/** Random cases, and what they are held to. */
export interface Suite {
  name: string;
  /** The laws that it is played for. */
  laws: readonly Law[];
  /** Of the cases that a long run is to judge of each law, the part that comes from here. */
  share: number;
  /**
   * A property that fails where a law is broken; cases that leave nothing to judge are drawn again.
   * @param count is told what was judged, whatever came of it
   */
  property: (
    count?: (judged: Judgement['judged']) => void,
  ) => fc.IAsyncProperty<unknown> & fc.IAsyncPropertyWithHooks<unknown>;
}

interface Parts<Case> {
  name: string;
  laws: readonly Law[];
  share: number;
  cases: fc.Arbitrary<Case>;
  /** Returns undefined where a case leaves nothing to judge. */
  judge: (one: Case) => Promise<Judgement | undefined> | Judgement | undefined;
}

function suite<Case>({ name, laws, share, cases, judge }: Parts<Case>): Suite {
  return {
    name,
    laws,
    share,
    property: (count = () => {}) =>
      fc.asyncProperty(cases, async (one) => {
        const judgement = await judge(one);
        fc.pre(judgement !== undefined);
        count(judgement.judged);
        if (judgement.broken.length > 0) throw new Error(judgement.broken.join('\n'));
      }),
  };
}

const EDIT_LAWS = ['PutGet', 'Totality', 'Blast radius', 'Minimal edit'] as const;

function judgeEdit(all: Worked, hasSecrets: boolean): Judgement {
  const some = all.result.proposals.length > 0 ? 1 : 0;
  const inPlan = recommendedSet(all.result).some(({ kind }) => kind !== 'overlay') ? 1 : 0;
  return {
    broken: brokenLaws(all),
    judged: {
      PutGet: some,
      'Blast radius': some,
      Totality: 1,
      'Minimal edit': inPlan,
      Secrets: hasSecrets ? 1 : 0,
    },
  };
}

export function freeEdits(uses: Uses): Suite {
  const name = `free edits, parameters used ${uses}`;
  return suite({
    name,
    laws: EDIT_LAWS,
    share: 1 / 4,
    cases: freeCase(uses, 3),
    judge: (one) => {
      const prepared = prepareFree(one);
      return prepared && judgeEdit(worked(prepared), one.draft.secrets);
    },
  });
}

export function hiddenEdits(uses: Uses): Suite {
  const name = `hidden edits, parameters used ${uses}`;
  return suite({
    name,
    laws: EDIT_LAWS,
    share: 1 / 4,
    cases: hiddenCase(uses, 3),
    judge: (one) => {
      const prepared = prepareHidden(one);
      return prepared && judgeEdit(worked(prepared), one.draft.secrets);
    },
  });
}

/** Noise among it, for which the smallest edit is not defined. */
export const roughEdits: Suite = suite({
  name: 'rough edits, several at once',
  laws: ['PutGet', 'Totality', 'Blast radius'],
  share: 1 / 5,
  cases: backportCase,
  judge: (one) => {
    const all = work(one);
    if (changedPaths(all.desired, all.observed).length === 0) return undefined;
    const some = all.result.proposals.length > 0 ? 1 : 0;
    return {
      broken: brokenLaws(all).filter((fault) => !fault.startsWith('Minimal edit')),
      judged: { PutGet: some, 'Blast radius': some, Totality: 1 },
    };
  },
});

export const tellingEdits: Suite = suite({
  name: 'edits that tell secrets',
  laws: ['Secrets'],
  share: 1,
  cases: tellingCase.filter(({ source }) => source.secrets),
  judge: (one) => {
    const all = work(one);
    if (changedPaths(all.desired, all.observed).length === 0) return undefined;
    return { broken: [...brokenSecrets(all), ...toldSecrets(all)], judged: { Secrets: 1 } };
  },
});

function brokenSecrets(all: WorkedCase): string[] {
  return brokenLaws(all).filter((fault) => fault.startsWith('Secrets'));
}

/** Secrets that were typed over those of the plan, and are shown. */
function toldSecrets({ observed, result }: WorkedCase): string[] {
  const shown = shownText(result);
  const forms = typedSecrets(observed).flatMap((secret) => [...secretForms(secret)]);
  return forms.filter((form) => shown.includes(form)).map((form) => `Secrets: ${form}`);
}

/** What was typed at the site where the plan has a secret. */
function typedSecrets(observed: SiteTree): string[] {
  const text = observed.get('group_vars/all.yml')?.content.toString() ?? '';
  return new RegExp(`^(?:token|key): "?${TYPED}"?$`, 'm').test(text) ? [TYPED] : [];
}

export const noEdits: Suite = suite({
  name: 'no edit at any site',
  laws: ['GetPut', 'Trace'],
  share: 1,
  cases: fc.oneof(
    { weight: 9, arbitrary: richPlan('reuse', 4).map(planSource) },
    { weight: 1, arbitrary: randomPlan.map(({ files }) => files) },
  ),
  judge: (files) => {
    const plan = planOf(files);
    const names = [...plan.sites.keys()];
    const trees = names.map((site) => ({ site, tree: renderSite(plan, site).tree }));
    const traces = trees.flatMap(({ site, tree }) => brokenTraces(plan, site, tree));
    return {
      broken: [...brokenGetPut(plan), ...traces],
      judged: {
        GetPut: trees.length,
        Trace: trees.flatMap(({ tree }) => tracedPaths(tree)).length,
      },
    };
  },
});

export const twice: Suite = suite({
  name: 'the same bytes in another order',
  laws: ['Purity'],
  share: 1,
  cases: freeCase('reuse', 3),
  judge: (one) => {
    const prepared = prepareFree(one);
    if (!prepared) return undefined;
    return { broken: brokenPurity(planSource(one.draft), prepared), judged: { Purity: 1 } };
  },
});

/** One edit at several sites: a case counts as one, however many sites it is about. */
export const fleets: Suite = suite({
  name: 'one edit at several sites',
  laws: ['PutGet', 'Totality', 'Blast radius'],
  share: 1 / 25,
  cases: fleetCase,
  judge: async (one) => {
    const { plan, groups } = groupsOf(one);
    if (groups.length === 0) return undefined;
    const broken: string[] = [];
    for (const edits of groups) broken.push(...(await brokenFleetLaws(plan, edits)).broken);
    return { broken, judged: { PutGet: 1, Totality: 1, 'Blast radius': 1 } };
  },
});

/** All of them, for a long run. */
export const SUITES: readonly Suite[] = [
  freeEdits('once'),
  freeEdits('reuse'),
  hiddenEdits('once'),
  hiddenEdits('reuse'),
  roughEdits,
  tellingEdits,
  noEdits,
  twice,
  fleets,
];
