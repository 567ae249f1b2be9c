import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { serveControl } from '../../src/agent/control.ts';
import { Client } from '../../src/cli/client.ts';
import { downloadBundle } from '../../src/cli/commands/bundle-create.ts';
import { importBundle } from '../../src/cli/commands/bundle-import.ts';
import { Output } from '../../src/cli/output.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';

/** Says nothing to people, and keeps what it tells programs. */
class Told extends Output {
  readonly documents: unknown[] = [];

  constructor() {
    super(true);
  }

  override document(value: unknown): void {
    this.documents.push(value);
  }
  override line(): void {}
  override note(): void {}
}

test('a stick there and back: each end is handed what is for it, by one command', async () => {
  const all = await AgentWorld.start();
  await all.enrol();
  // No loop runs that asks the centre: there is but the stick.
  const agent = await all.open({ start: false });
  const control = await serveControl(agent);
  onTestFinished(() => void control.close());
  const client = new Client(all.service.url, all.service.service.token.reveal());
  const told = new Told();
  const take = (name: string, site?: string) =>
    importBundle(
      join(all.world.root, name),
      { data: all.data, ...(site !== undefined && { site }) },
      async () => client,
      told,
    );
  const out = join(all.world.root, 'there.bundle');
  expect(await downloadBundle('lisbon', { plan: '.', out }, client, told)).toBe(0);
  expect(await take('there.bundle')).toBe(0);
  expect(told.documents.at(-1)).toMatchObject({ fresh: true, site: 'lisbon' });
  expect(await take('there.bundle')).toBe(0);
  expect(told.documents.at(-1)).toMatchObject({ fresh: false });

  await agent.apply();
  await all.say(NTP, '192.0.2.1', '192.0.2.9', { words: 'The old clock died', author: 'nadia' });
  expect(await agent.export(join(all.world.root, 'back.bundle'))).toMatchObject({ sequence: 1 });
  expect(await take('back.bundle')).toBe(0);
  expect(told.documents.at(-1)).toMatchObject({ accepted: true, sequence: 1 });
  const proposal = await all.service.proposal('lisbon');
  expect(proposal.body).toContain('The old clock died');
  const [run] = await all.service.store.runs.list({ site: 'lisbon', limit: 1 });
  expect(run).toMatchObject({ kind: 'apply', result: 'success' });

  await expect(take('back.bundle', 'porto')).rejects.toThrow(/^no agent delivers to "porto"/);
  await expect(take('none.bundle')).rejects.toThrow('none.bundle');
});
