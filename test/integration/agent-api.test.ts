import { expect, test } from 'vitest';

import { startAgentSites } from '../support/agent-sites.ts';
import { newPublicKey } from '../support/site-bundles.ts';

test('a bundle is made once, sent whole or in parts, and not at all where nothing is new', async () => {
  const { enrol, bundles } = await startAgentSites();
  const agent = await enrol('lisbon');
  const whole = await agent.fetchBundle();
  expect(whole.status).toBe(200);
  expect(whole.headers.get('content-type')).toBe('application/x-git-bundle');
  expect(whole.headers.get('cache-control')).toContain('no-transform');
  expect(whole.headers.get('content-encoding')).toBeNull();
  const etag = whole.headers.get('etag')!;
  expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(whole.headers.get('content-length')).toBe(String(bytes.length));

  const head = await agent.fetchBundle([], { method: 'HEAD' });
  expect([head.status, head.headers.get('etag'), head.headers.get('content-length')]).toEqual([
    200,
    etag,
    String(bytes.length),
  ]);
  const rest = await agent.fetchBundle([], {
    headers: { range: 'bytes=100-', 'if-range': etag },
  });
  expect(rest.status).toBe(206);
  expect(rest.headers.get('content-range')).toBe(`bytes 100-${bytes.length - 1}/${bytes.length}`);
  expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(100))).toBe(true);
  const other = await agent.fetchBundle([], {
    headers: { range: 'bytes=100-', 'if-range': '"another"' },
  });
  expect(other.status).toBe(200);
  expect(Buffer.from(await other.arrayBuffer()).equals(bytes)).toBe(true);
  const beyond = await agent.fetchBundle([], { headers: { range: `bytes=${bytes.length}-` } });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([
    416,
    `bytes */${bytes.length}`,
  ]);
  const known = await agent.fetchBundle([], { headers: { 'if-none-match': etag } });
  expect([known.status, (await known.arrayBuffer()).byteLength]).toEqual([304, 0]);
  expect(bundles.made).toBe(1);

  const desired = await agent.side.take(bytes);
  expect(await agent.side.git('log', '-1', '--format=%B', desired)).toContain('Site: lisbon');
  expect((await agent.fetchBundle([desired])).status).toBe(204);
  expect((await agent.fetchBundle(['f'.repeat(40), desired])).status).toBe(204);
  expect(bundles.made).toBe(1);
  expect((await agent.fetchBundle(['not a commit'])).status).toBe(400);
});

test('a transfer goes on with the same bytes after the controller was started anew', async () => {
  const all = await startAgentSites();
  const agent = await all.enrol('porto');
  const etag = (await agent.fetchBundle()).headers.get('etag');
  await all.restart();
  const again = await agent.fetchBundle([], { headers: { range: 'bytes=0-9', 'if-range': etag! } });
  expect([again.status, again.headers.get('etag')]).toEqual([206, etag]);
  expect(all.bundles.made).toBe(1);
});

test('who waits for news is told as soon as something else is desired at the site', async () => {
  const { enrol, service, world } = await startAgentSites();
  const [lisbon, porto] = [await enrol('lisbon'), await enrol('porto')];
  const state = await lisbon.nudge();
  expect(state).toMatchObject({ site: 'lisbon', generation: 1, sequence: 0, observed: null });
  expect(await lisbon.nudge(`?desired=${'a'.repeat(40)}&wait=60`)).toMatchObject({
    desired: state.desired,
  });
  let portoTold = false;
  const controller = new AbortController();
  const portoDesired = (await porto.nudge()).desired;
  const waiting = porto
    .ask(`/sites/porto/nudge?desired=${portoDesired}&wait=60`, { signal: controller.signal })
    .then(() => (portoTold = true))
    .catch(() => undefined);
  const told = lisbon.nudge(`?desired=${state.desired}&wait=60&now=${Date.now() + 90_000}&owed=3`);
  await service.until('both wait', async () =>
    /^trueup_agent_waiting 2$/m.test(await (await fetch(`${service.url}/metrics`)).text()),
  );
  await world.commit('Change one site', {
    'sites/lisbon.yaml':
      (await world.planFile('sites/lisbon.yaml')).replace('params: {}', 'params: {"motd":"Hi"}') +
      '\n',
  });
  service.look();
  const next = await told;
  expect(next.generation).toBe(2);
  expect(next.desired).not.toBe(state.desired);
  expect(portoTold).toBe(false);
  controller.abort();
  await waiting;

  const { body } = await service.api('GET', '/sites/lisbon');
  expect(body.agent).toMatchObject({ contact: 'connected', owed: 3, lag: 2, generation: 0 });
  expect(Math.round(body.agent.clockSkew)).toBeGreaterThan(80);
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toContain('trueup_agent_lag_generations{site="lisbon"} 2');
  expect(metrics).toContain('trueup_agent_sites{state="connected"} 2');
  expect(metrics).toMatch(
    /trueup_agent_last_contact_timestamp_seconds\{site="lisbon"\} 1\.\d+e\+?9|\d{10}/,
  );
});

test('a bundle that comes back is taken in once, an older one is answered, a bad one changes nothing', async () => {
  const { enrol, service } = await startAgentSites();
  const agent = await enrol('lisbon');
  await agent.pull();
  const edited = await agent.side.edit('base/files/ntp.conf', 'iburst', 'iburst prefer');
  const first = new Uint8Array(await agent.side.bundle());
  const answer = await (await agent.send(first)).json();
  expect(answer).toMatchObject({ accepted: true, observed: edited, sequence: 1, reports: [] });
  expect(await (await agent.send(first)).json()).toMatchObject({ accepted: true, sequence: 1 });
  const later = await agent.side.edit('base/files/ntp.conf', 'prefer', 'prefer minpoll 4');
  expect(await agent.push()).toMatchObject({ accepted: true, observed: later, sequence: 2 });
  expect(await (await agent.send(first)).json()).toMatchObject({
    accepted: false,
    observed: later,
    sequence: 2,
  });
  const audit = await service.store.audit.list(50);
  const returned = audit.filter(({ action }) => action === 'agent.returned');
  expect(returned.map(({ actor, subject }) => [actor, subject])).toEqual([
    ['agent:lisbon', 'lisbon'],
    ['agent:lisbon', 'lisbon'],
  ]);

  const before = await service.store.agents.get('lisbon');
  const bad = {
    'no-bundle': new Uint8Array(Buffer.from('this is no bundle')),
    'untrusted-key': new Uint8Array(await agent.side.bundle({ key: newPublicKey('other') })),
  };
  for (const [reason, body] of Object.entries(bad)) {
    const response = await agent.send(body);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      422,
      'application/problem+json',
    ]);
    expect(await response.json()).toMatchObject({ reason });
  }
  const after = await service.store.agents.get('lisbon');
  expect({ ...after, lastContactAt: null }).toEqual({ ...before, lastContactAt: null });
});

test('a bundle that is too large is refused unread, and so are too many at once', async () => {
  const { enrol } = await startAgentSites({ agentLimits: { bundle: 2_000, incoming: 1_500 } });
  const agent = await enrol('lisbon');
  const post = (size: number) => agent.send(new Uint8Array(size));
  expect((await post(2_001)).status).toBe(413);
  expect((await post(1_900)).status).toBe(503);
  expect((await post(1_000)).status).toBe(422);
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(500)),
  });
  const endless = await agent.ask('/sites/lisbon/bundle', {
    method: 'POST',
    body: stream,
    duplex: 'half',
  });
  expect([413, 503]).toContain(endless.status);
});
