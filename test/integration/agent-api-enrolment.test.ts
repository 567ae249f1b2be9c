import { expect, test } from 'vitest';

import { Problem } from '../../src/server/wire.ts';
import { startAgentSites, TestAgent } from '../support/agent-sites.ts';
import { newPublicKey, SiteSide } from '../support/site-bundles.ts';

type World = Awaited<ReturnType<typeof startAgentSites>>;

async function enroll({ service }: World, body: object): Promise<{ status: number; body: any }> {
  const response = await fetch(`${service.url}/api/v1/enroll`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function newCode({ service }: World, site: string): Promise<string> {
  return (await service.api('POST', `/sites/${site}/enrollment`, {})).body.code;
}

test('a code lets one agent in, once, and only its hash is kept', async () => {
  const all = await startAgentSites();
  const key = newPublicKey('one');
  const old = await newCode(all, 'lisbon');
  const code = await newCode(all, 'lisbon');
  expect(code).toMatch(/^(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}$/);
  for (const wrong of [old, '', 'AAAA', code.slice(0, -1), `${code.slice(0, -1)}!`, `${code}A`])
    expect((await enroll(all, { code: wrong, publicKey: key })).status).toBe(403);
  expect((await enroll(all, { code, publicKey: 'ssh-rsa AAAA' })).status).toBe(400);

  // As somebody types it.
  const typed = ` ${code.toLowerCase().replaceAll('-', ' ')}`;
  const first = await enroll(all, { code: typed, publicKey: `${key} root@box`, host: 'box' });
  expect(first).toMatchObject({ status: 200, body: { site: 'lisbon' } });
  // The answer was lost: the same key gets another token, another key none.
  const again = await enroll(all, { code, publicKey: key });
  expect(again.status).toBe(200);
  expect((await enroll(all, { code, publicKey: newPublicKey('two') })).status).toBe(403);
  const nudge = (token: string) =>
    fetch(`${all.service.url}/api/v1/sites/lisbon/nudge`, {
      headers: { authorization: `Bearer ${token}` },
    });
  expect((await nudge(first.body.token)).status).toBe(401);
  expect((await nudge(again.body.token)).status).toBe(200);
  expect((await enroll(all, { code, publicKey: key })).status).toBe(403);

  const secret = code.replaceAll('-', '').slice(4);
  expect(all.service.lines.join('\n')).not.toContain(again.body.token);
  expect(all.service.lines.join('\n')).not.toContain(secret);
  const audit = JSON.stringify(await all.service.store.audit.list(100));
  expect(audit).toContain('agent.enrolled');
  expect(audit).not.toContain(secret);
});

test('a code ends with its time, and with its site', async () => {
  const all = await startAgentSites();
  const code = await newCode(all, 'lisbon');
  const row = await all.service.store.enrollmentCodes.find(code);
  expect(row!.expiresAt - row!.createdAt).toBe(3_600_000);
  const { code: short } = await all.service.store.enrollmentCodes.create({
    site: 'porto',
    by: 'a test',
    lifetime: 0,
  });
  expect((await enroll(all, { code: short, publicKey: newPublicKey('x') })).status).toBe(403);
  expect((await all.service.api('POST', '/sites/nowhere/enrollment', {})).status).toBe(404);
});

test('what is enrolled anew takes the place of the old only with its first use', async () => {
  const all = await startAgentSites();
  const before = await all.enrol('lisbon');
  await before.pull();
  expect(await before.push()).toMatchObject({ accepted: true, sequence: 1 });
  const after = await all.enrol('lisbon');
  // Somebody only asked for a code: who is there goes on.
  expect((await before.nudge()).sequence).toBe(1);
  expect(await before.push()).toMatchObject({ accepted: true, sequence: 2 });

  // Another key counts for itself.
  expect(await after.nudge()).toMatchObject({ sequence: 0 });
  expect((await before.ask('/sites/lisbon/nudge')).status).toBe(401);
  const side = await SiteSide.create('lisbon', `${all.world.root}/anew`);
  side.publicKey = after.side.publicKey;
  const moved = new TestAgent(() => all.service.url, side, after.token);
  await moved.pull();
  expect(await moved.push()).toMatchObject({ accepted: true, sequence: 1 });
  const old = await moved.send(new Uint8Array(await before.side.bundle()));
  expect([old.status, Problem.parse(await old.json()).reason]).toEqual([422, 'untrusted-key']);
});

test('an agent that is let out is believed nothing any more, and can be let in again', async () => {
  const all = await startAgentSites();
  const agent = await all.enrol('lisbon');
  await agent.pull();
  const { status, body } = await all.service.api('POST', '/sites/lisbon/revoke');
  expect([status, body.enrolled]).toEqual([200, false]);
  expect((await agent.fetchBundle()).status).toBe(401);
  const carried = await fetch(`${all.service.url}/api/v1/sites/lisbon/bundle`, {
    method: 'POST',
    headers: { authorization: `Bearer ${all.service.service.token.reveal()}` },
    body: new Uint8Array(await agent.side.bundle()),
  });
  expect(carried.status).toBe(422);
  expect(Problem.parse(await carried.json()).detail).toContain('trueup site enroll lisbon');
  const again = await all.enrol('lisbon');
  expect((await again.nudge()).site).toBe('lisbon');
});

test('a key that was carried here lets in what comes on a stick', async () => {
  const all = await startAgentSites();
  const side = await SiteSide.create('porto', `${all.world.root}/box`);
  const { body } = await all.service.api('POST', '/sites/porto/enrollment', {
    publicKey: side.publicKey,
  });
  expect(body).toMatchObject({ site: 'porto', code: null });
  expect(body.allowedSigners).not.toBe('');
  // A person fetches the bundle, and brings one back.
  const carrier = new TestAgent(() => all.service.url, side, all.service.service.token.reveal());
  await carrier.pull();
  const edited = await side.edit('base/files/ntp.conf', 'iburst', 'iburst prefer');
  expect(await carrier.push()).toMatchObject({ accepted: true, observed: edited });
  const [returned] = (await all.service.store.audit.list(20)).filter(
    ({ action }) => action === 'agent.returned',
  );
  expect(returned).toMatchObject({ actor: 'agent:porto', detail: { carriedBy: 'operator' } });
});

test('tokens are made, listed and revoked by admins alone', async () => {
  const all = await startAgentSites();
  const { service } = all;
  const made = await service.api('POST', '/tokens', { name: 'wall', role: 'viewer' });
  expect(made.body).toMatchObject({ name: 'wall', role: 'viewer', revokedAt: null });
  const as = (token: string, path: string, init: RequestInit = {}) =>
    fetch(`${service.url}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
  expect((await as(made.body.token, '/status')).status).toBe(200);
  const operator = await service.api('POST', '/tokens', { name: 'op', role: 'operator' });
  const body = JSON.stringify({ name: 'more', role: 'admin' });
  const more = await as(operator.body.token, '/tokens', { method: 'POST', body });
  expect(more.status).toBe(403);
  expect((await service.api('POST', '/tokens', { name: 'wall', role: 'viewer' })).status).toBe(409);
  expect((await service.api('POST', '/tokens', { name: 'x', role: 'site:' })).status).toBe(400);
  const page = await service.api('GET', '/tokens?limit=1');
  expect(page.body.items.map(({ name }: { name: string }) => name)).toEqual(['op']);
  const next = await service.api('GET', `/tokens?limit=1&after=${page.body.next}`);
  expect(next.body).toMatchObject({ items: [{ name: 'wall' }], next: null });
  expect(JSON.stringify([page.body, next.body])).not.toContain(made.body.token.slice(-43));
  const revoked = await service.api('POST', '/tokens/wall/revoke');
  expect(revoked.body.revokedAt).not.toBeNull();
  expect((await as(made.body.token, '/status')).status).toBe(401);
});
