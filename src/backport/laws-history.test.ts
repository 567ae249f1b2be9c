import { expect, test } from 'vitest';

import { type HiddenCase, prepareHidden, worked } from '../../test/support/rich-cases.ts';
import { brokenLaws } from '../../test/support/rich-laws.ts';

// Random cases that broke a law once, as small as they could be made.

const DICE = Array.from({ length: 12 }, () => 0);

type Draft = HiddenCase['draft'];
type Params = Draft['layers'][number]['params'];

function draft(common: Params, own: Params, template: string, more: Partial<Draft> = {}): Draft {
  const labels = { region: 'south', profile: 'store' };
  const site = { name: 's1', file: 'sites/s1.yaml', labels, address: '10.9.0.1' };
  return {
    layers: [{ file: 'layers/common.yaml', params: common }],
    sites: [{ ...site, params: own, hostParams: {} }],
    merge: {},
    templates: { 'stacks/edge/templates/t0.conf.j2': template },
    stacks: ['edge'],
    flow: false,
    comments: false,
    secrets: false,
    missing: [],
    ...more,
  };
}

const history: Record<string, HiddenCase> = {
  'the comment of a key that is renamed stays where it is': {
    edit: { kind: 'key renamed', dice: DICE },
    textsOnly: false,
    draft: draft(
      { options0: { willow: 'web' } },
      {},
      '{% for key, value in options0.items() %}\n{{ key }} = {{ value }}\n{% endfor %}\n',
      { comments: true },
    ),
    site: 's1',
  },
  'elements of a joined list that moved are not others': {
    edit: { kind: 'remove middle', dice: DICE },
    textsOnly: true,
    draft: draft(
      { steps0: ['web', 'mail', 'cache'] },
      { steps0: ['web0', 'mail', 'cache'] },
      '{% for step in steps0 %}\n{{ loop.index }}. {{ step }}\n{% endfor %}\n',
      { merge: { steps0: 'unique' } },
    ),
    site: 's1',
  },
};

test.each(Object.entries(history))('%s', (_name, one) => {
  const prepared = prepareHidden(one)!;
  expect(prepared.desired).not.toEqual(prepared.observed);
  expect(brokenLaws(worked(prepared))).toEqual([]);
});
