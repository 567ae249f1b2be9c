import { createCipheriv, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { findAnsible } from '../../src/ansible/find.ts';
import type { RunRequest } from '../../src/model/driver.ts';
import type { SiteTree, TreeFile } from '../../src/model/tree.ts';

/** The `ansible-playbook` that tests run. */
export async function ansibleCommand(): Promise<string> {
  const found = await findAnsible();
  if (found === undefined) throw new Error('run "node scripts/ensure-ansible.ts" first');
  return found;
}

/** A tree of texts, none executable. */
export function siteTree(files: Record<string, string>): SiteTree {
  const entries = Object.entries(files).map(([path, text]): [string, TreeFile] => [
    path,
    { mode: '100644', content: Buffer.from(text) },
  ]);
  return new Map(entries);
}

/** An inventory of locally connected hosts. */
export function localInventory(...hosts: string[]): string {
  const entries = hosts.map((host) => [
    host,
    { ansible_connection: 'local', ansible_python_interpreter: '{{ ansible_playbook_python }}' },
  ]);
  return JSON.stringify({ all: { hosts: Object.fromEntries(entries) } });
}

/** A play over all hosts, in YAML's JSON spelling; as plain JSON its tasks would have no line numbers in 2.14. */
export function play(tasks: object[], more: object = {}): string {
  const all = { name: 'test', hosts: 'all', gather_facts: false, tasks, ...more };
  return `---\n${JSON.stringify([all])}\n`;
}

let runs = 0;

/** A request with what a test does not care about filled in. */
export function runRequest(request: Partial<RunRequest> & { tree: SiteTree }): RunRequest {
  runs += 1;
  return {
    id: `run-${process.pid}-${runs}`,
    kind: 'apply',
    site: 'lisbon-07',
    playbooks: ['base/playbooks/site.yml'],
    secrets: [],
    timeout: 60,
    cause: 'test',
    ...request,
  };
}

/** What `ansible-vault encrypt` makes of a text (format 1.1), as lines. */
function vaultLines(plain: string, password: string): string[] {
  const salt = randomBytes(32);
  const keys = pbkdf2Sync(password, salt, 10_000, 80, 'sha256');
  const cipher = createCipheriv('aes-256-ctr', keys.subarray(0, 32), keys.subarray(64));
  const padding = 16 - (Buffer.byteLength(plain) % 16);
  const padded = Buffer.concat([Buffer.from(plain), Buffer.alloc(padding, padding)]);
  const text = Buffer.concat([cipher.update(padded), cipher.final()]);
  const mac = createHmac('sha256', keys.subarray(32, 64)).update(text).digest('hex');
  const body = [salt.toString('hex'), mac, text.toString('hex')].join('\n');
  const lines =
    Buffer.from(body)
      .toString('hex')
      .match(/.{1,80}/g) ?? [];
  return ['$ANSIBLE_VAULT;1.1;AES256', ...lines];
}

/** A `!vault` scalar, indented for a key at the top of a file. */
export function vaulted(plain: string, password: string): string {
  return ['!vault |', ...vaultLines(plain, password)].join('\n  ');
}

/** A file that is vaulted as a whole. */
export function vaultedFile(plain: string, password: string): string {
  return `${vaultLines(plain, password).join('\n')}\n`;
}

/** Waits until a condition holds; throws after a bounded number of looks. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let look = 0; look < 3000; look += 1) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error(`gave up waiting until ${what}`);
}

/** Command lines, of all running processes, that hold a text. */
export function commandLines(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(text));
}
