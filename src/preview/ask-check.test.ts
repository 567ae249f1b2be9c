import { expect, test } from 'vitest';

import { COMMIT, emptyStore, preview } from '../../test/support/store.ts';
import { askForCheck } from './ask-check.ts';

test('an operator’s word begins a check run, once, at the commit that was read', async () => {
  const { store } = await emptyStore();
  const ask = (number: number, commit?: string): Promise<void> =>
    askForCheck(store, { number, commit, by: 'olga', at: 1 });
  await store.previews.put(preview(1), new Map());
  await store.previews.put(preview(2, { fork: true }), new Map());
  await store.previews.put(preview(3, { state: 'merged' }), new Map());
  await expect(ask(1, '1234567')).rejects.toThrow(`it is at ${COMMIT} by now`);
  await ask(1);
  expect(await store.previews.get(1)).toMatchObject({
    told: null,
    check: { head: COMMIT, askedBy: 'olga', state: 'running' },
  });
  await expect(ask(1)).rejects.toThrow('under way');
  await expect(ask(2)).rejects.toThrow('fork');
  await expect(ask(2, COMMIT.slice(0, 20))).rejects.toThrow(`its whole id (${COMMIT})`);
  await ask(2, COMMIT);
  await expect(ask(3)).rejects.toThrow('it is merged');
  await expect(ask(4)).rejects.toThrow('it has no preview');
  const { report } = preview(5);
  const problems = [{ message: 'rendering took longer than 5 s and was ended' }];
  await store.previews.put(preview(5, { report: { ...report, problems } }), new Map());
  await store.previews.put(
    preview(6, { report: { ...report, failing: [{ problems, sites: ['porto'] }] } }),
    new Map(),
  );
  for (const red of [5, 6]) await expect(ask(red)).rejects.toThrow('its preview is red');
  expect((await store.audit.list(9)).map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(['#1', '#2']),
  );
});
