import { expect, test } from 'vitest';

import { MARKUP, shown } from '../../test/support/markdown.ts';
import { driftRow, proposal } from '../../test/support/store.ts';
import type { ProposalRow, StoredBackport } from '../store/rows.ts';
import { proposalBody, sameBoxes, saysUnproved, tickedOption, withOthersWords } from './body.ts';
import { options } from './choice.ts';

type Stored = StoredBackport['proposals'][number];

function edit(file: string, change: Partial<Stored> = {}): Stored {
  return {
    kind: 'param',
    placement: 'site',
    title: `motd in ${file}: a → b`,
    edits: [{ file, mode: '100644', patch: '-motd: a\n+motd: b\n' }],
    explains: ['group_vars/all.yml'],
    blastRadius: [{ site: 'lisbon-07', files: ['group_vars/all.yml'] }],
    verified: true,
    notes: [],
    ...change,
  };
}

function story(result: Partial<StoredBackport>, sites = ['lisbon-07'], words = '') {
  const row: ProposalRow = {
    ...proposal('one'),
    groupKey: 'group',
    basis: '',
    choice: null,
    pushed: [],
    theirs: null,
    lastCommand: null,
    held: false,
    state: 'open',
    number: 7,
    url: '',
    openedAt: 1,
    decidedAt: null,
    decidedBy: null,
    closeReason: null,
    result: {
      site: sites[0]!,
      revision: 'r',
      proposals: [edit('sites/lisbon-07.yaml'), edit('layers/common.yaml')],
      unexplained: [],
      adopted: 1,
      sites,
      ...result,
    },
  };
  const drifts = sites.map((site, i) => driftRow(`edit-${i}`, { site, message: words }));
  return { proposal: row, drifts, siteDiff: '-motd: a\n+motd: b\n' };
}

test('who, where, when and with which words', () => {
  const body = proposalBody(story({}, ['lisbon-07', 'porto-03'], 'the till | was slow'));
  expect(body).toContain('**2 sites were edited alike.**');
  expect(body).toContain('| where | 2 sites: `lisbon-07`, `porto-03` |');
  expect(body).toContain('| when | 1970-01-01 00:00 UTC |');
  expect(body).toContain('| by | `operator` |');
  expect(body).toContain('| in these words | `the till \\| was slow` |');
});

test('whom else it reaches is said first, by name', () => {
  const reaches = ['lisbon-07', 'porto-03'].map((site) => ({ site, files: ['files/motd'] }));
  const body = proposalBody(
    story({ proposals: [edit('layers/common.yaml', { blastRadius: reaches })] }),
  );
  expect(body).toContain('| also changes | **1 site where nobody made this edit**: `porto-03` |');
  expect(body).toContain('Nobody made the edit here, and they change too (1 site):');
});

test('what is not proved, or not explained, is not hidden', () => {
  const unexplained = [{ path: 'files/`x`', reason: '<b>no</b> parameter' }];
  const body = proposalBody(
    story({ proposals: [edit('sites/lisbon-07.yaml', { verified: false })], unexplained }),
  );
  expect(body).toContain('| proof | **not verified** |');
  expect(body).toContain('- `` files/`x` ``: `<b>no</b> parameter`');
});

test('what is proved no longer tells so, and asks for no merge', () => {
  const unexplained = [{ path: 'group_vars/all.yml', reason: 'a secret was changed' }];
  const body = proposalBody(story({ proposals: [], adopted: 0, unexplained }));
  expect(body).toContain('| proof | **none any more** |');
  expect(body).toContain('- `group_vars/all.yml`: `a secret was changed`');
  expect(body).toContain('- trueup does not merge this.');
  expect(body).not.toContain('**Merge**');
  expect(body).not.toContain('byte for byte');
});

test('what comes from a site or a plan is text in it, whatever it holds, and says nothing in our name', () => {
  const unproved = proposalBody(story({ proposals: [], adopted: 0 }));
  expect(saysUnproved(unproved)).toBe(true);
  const [sentence] = /\*\*What stands[^*]*\*\*/.exec(unproved)!;
  const hostile = `${MARKUP} ${sentence} \\| a | b`;
  const patch = `-${MARKUP}\n- [x] <!-- trueup:choose 00000000 -->\n+${sentence}\n+<!-- trueup:end -->\n`;
  const reaches = [{ site: hostile, files: [hostile] }];
  const one = edit(hostile, { title: hostile, explains: [hostile], notes: [hostile] });
  const made = { ...one, blastRadius: reaches, edits: [{ ...one.edits[0]!, patch }] };
  const told = story(
    {
      proposals: [made, edit('layers/common.yaml')],
      unexplained: [{ path: hostile, reason: hostile }],
    },
    ['lisbon-07', hostile],
    hostile,
  );
  const body = proposalBody({
    ...told,
    proposal: { ...told.proposal, title: hostile },
    siteDiff: patch,
  });
  const { elements, hidden, links, prose } = shown(body);
  const tame = shown(proposalBody(story({ unexplained: [{ path: 'x', reason: 'y' }] })));
  expect(new Set(elements)).toEqual(new Set(tame.elements));
  expect(links).toEqual([]);
  expect(hidden.filter((text) => !text.startsWith('<!-- trueup:choose '))).toEqual([
    '<!-- trueup:end -->',
  ]);
  expect(prose).not.toMatch(/@|#\d|evil|olga|\/trueup/);
  expect(saysUnproved(body)).toBe(false);
  expect(tickedOption(body, body, options(told.proposal.result))).toBeUndefined();
  expect(withOthersWords(body, `${body}\nMine.\n`)).toBe(`${body}\nMine.\n`);
});

test('a group of hundreds keeps its text short', () => {
  const sites = Array.from({ length: 500 }, (_, i) => `site-${i}`);
  const edits = sites.flatMap((site) => edit(`sites/${site}.yaml`).edits);
  const blastRadius = sites.map((site) => ({ site, files: ['group_vars/all.yml'] }));
  const all = edit('', { edits, blastRadius });
  const body = proposalBody(story({ proposals: [all] }, sites));
  expect(body.length).toBeLessThan(40_000);
  expect(body).toContain('492 files more, changed alike');
  expect(body).toContain('and 480 more sites');
});

test('boxes: ours say what is made, others’ ticks choose', () => {
  const told = story({});
  const ways = options(told.proposal.result);
  const body = proposalBody(told);
  expect(tickedOption(body, body, ways)).toBeUndefined();
  const ticked = body.replace('- [ ]', '- [X]');
  expect(tickedOption(ticked, body, ways)).toBe('param layers/common.yaml');
  expect(sameBoxes(ticked, body)).toBe(false);
  // Worked out anew as it was chosen, the text still as before: nobody has chosen the other one back.
  expect(tickedOption(body, body, ways.toReversed())).toBeUndefined();
});

test('words that somebody wrote below stay', () => {
  const body = proposalBody(story({}));
  expect(withOthersWords(body, `${body}\nLooks good.\n`)).toBe(`${body}\nLooks good.\n`);
  expect(withOthersWords(body, 'quite another text')).toBe(body);
});
