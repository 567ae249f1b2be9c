import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Service } from '../../controller/service.ts';
import { UserError } from '../../model/errors.ts';
import { Proposal } from '../../server/wire.ts';
import type { ProposalRow, SiteRow } from '../../store/rows.ts';
import { Client } from '../client.ts';
import { status } from '../commands/status.ts';
import { count, type Output, styled } from '../output.ts';
import { commitAndPush, editFile, pull, replaceInFile, type World } from './world.ts';

/** Nothing here takes this long unless it is broken (ms). */
const PATIENCE = 120_000;
const LOOK = 50;

export interface Step {
  step: string;
  /** What was seen to hold. */
  seen: string;
  seconds: number;
}

/** The story that the demo plays: each step does something and checks what came of it. */
export class Story {
  readonly steps: Step[] = [];
  readonly #world: World;
  readonly #service: Service;
  readonly #output: Output;
  readonly #client: Client;

  constructor(world: World, service: Service, output: Output) {
    this.#world = world;
    this.#service = service;
    this.#output = output;
    this.#client = new Client(service.url, service.token.reveal());
  }

  async play(): Promise<void> {
    await this.bringUp();
    await this.#step('a commit on one region’s layer', () => this.#changeRegion());
    await this.#step('somebody edits two files at lisbon-07', () => this.#editSite());
    await this.#step('the proposal is merged', () => this.#mergeProposal());
    await this.#step('another edit, and its proposal is closed', () => this.#closeProposal());
    await this.#step('metrics and status tell of it', () => this.#tell());
  }

  /** The first two steps: the plan is found, and every site is rendered and applied. */
  async bringUp(): Promise<void> {
    await this.#step('a plan in git, and a controller on it', async () => {
      await this.#until(
        'the plan is in force',
        async () => (await this.#store.plan.get()).goodRevision !== null,
      );
      return `${count((await this.#store.sites.names()).length, 'site')} in ${this.#world.origin}`;
    });
    await this.#step('every site is rendered and applied by ansible-playbook', async () => {
      const rows = await this.#allSynced();
      const runs = await this.#store.runs.list({ limit: 100 });
      expect(runs.length >= rows.length, 'every site has a run');
      let tasks = 0;
      for (const { id } of runs)
        tasks += (await this.#store.runs.get(id))?.report?.tasks.length ?? 0;
      return `${count(runs.length, 'run')}, ${tasks} tasks on hosts below ${this.#world.hosts}`;
    });
  }

  async #changeRegion(): Promise<string> {
    const before = await this.#appliedCommits();
    await editFile(
      this.#world,
      'layers/region/eu-south.yaml',
      /^timezone: .*$/m,
      'timezone: Atlantic/Madeira',
    );
    const revision = await commitAndPush(this.#world, 'Move the south to Madeira time');
    await this.#until(
      'the commit is in force',
      async () => (await this.#store.plan.get()).goodRevision === revision,
    );
    await this.#allSynced();
    const after = await this.#appliedCommits();
    const touched = [...after]
      .filter(([site, commit]) => before.get(site) !== commit)
      .map(([site]) => site);
    const rows = await Promise.all(touched.map((site) => this.#store.sites.get(site)));
    expect(
      touched.length > 0 && touched.length < after.size,
      'some sites changed, and not all of them',
    );
    expect(
      rows.every((row) => row?.labels['region'] === 'eu-south'),
      'only sites of that region changed',
    );
    return `applied again: ${touched.join(', ')}; the other ${after.size - touched.length} were left alone`;
  }

  async #editSite(): Promise<string> {
    const site = 'lisbon-07';
    const tree = this.#tree(site);
    const edited = Date.now();
    await replaceInFile(join(tree, 'group_vars/all.yml'), /^motd: .*$/m, 'motd: "Back at noon"');
    await replaceInFile(join(tree, 'base/files/chrony.conf'), /10\.20\.7\.1\b/, '10.20.7.9');
    await this.#until('the edit is recorded', async () => {
      const row = await this.#store.sites.get(site);
      return row?.observedDigest !== row?.desiredDigest;
    });
    const seen = (Date.now() - edited) / 1000;
    const proposal = await this.#proposalFor(site);
    const proposed = (Date.now() - edited) / 1000;
    const recommended = proposal.result.proposals[0];
    expect(recommended?.verified === true, 'the proposal is verified by rendering');
    expect(recommended?.kind === 'param', 'the proposal changes parameters');
    this.#output.line(
      styled('dim', indent(recommended!.edits.map(({ patch }) => patch).join('\n'))),
    );
    return `recorded after ${seen.toFixed(1)} s, proposed after ${proposed.toFixed(1)} s: #${proposal.number} ${proposal.title}`;
  }

  async #mergeProposal(): Promise<string> {
    const site = 'lisbon-07';
    const proposal = await this.#proposalFor(site);
    await this.#client.post(`/proposals/${proposal.id}/merge`, Proposal);
    await this.#until(
      'the plan learnt it',
      async () => (await this.#store.proposals.get(proposal.id))?.state === 'merged',
    );
    const rows = await this.#allSynced();
    const row = rows.find(({ name }) => name === site);
    expect(row?.observedDigest === row?.desiredDigest, 'the site is as the plan has it');
    await pull(this.#world);
    const file = await readFile(join(this.#world.clone, 'sites/lisbon-07.yaml'), 'utf8');
    expect(file.includes('Back at noon') && file.includes('10.20.7.9'), 'the plan has the edit');
    return `sites/lisbon-07.yaml has it, ${site} is in sync`;
  }

  async #closeProposal(): Promise<string> {
    const site = 'porto-03';
    const path = join(this.#tree(site), 'group_vars/all.yml');
    const before = await readFile(path, 'utf8');
    await replaceInFile(path, /^motd: .*$/m, 'motd: "Gone fishing"');
    const proposal = await this.#proposalFor(site);
    await this.#client.post(`/proposals/${proposal.id}/close`, Proposal);
    await this.#until(
      'it is closed',
      async () => (await this.#store.proposals.get(proposal.id))?.state === 'closed',
    );
    await this.#allSynced();
    expect((await readFile(path, 'utf8')) === before, 'the file is as the plan has it again');
    return `#${proposal.number} closed; ${site} went back to the plan, the edit is kept in its history`;
  }

  async #tell(): Promise<string> {
    const response = await fetch(`${this.#service.url}/metrics`);
    const text = await response.text();
    expect(
      response.ok && /^trueup_sites\{state="synced"\} 4$/m.test(text),
      '/metrics counts four synced sites',
    );
    expect(
      /^trueup_proposals\{state="merged"\} 1$/m.test(text),
      '/metrics counts the merged proposal',
    );
    if (!this.#output.json) await status(undefined, this.#client, this.#output);
    return `${this.#service.url}/metrics`;
  }

  async #allSynced(): Promise<SiteRow[]> {
    let rows: SiteRow[] = [];
    await this.#until('every site is in sync', async () => {
      rows = await this.#store.sites.list({ limit: 100 });
      return rows.length > 0 && rows.every(({ state }) => state === 'synced');
    });
    return rows;
  }

  async #appliedCommits(): Promise<Map<string, string | null>> {
    const rows = await this.#store.sites.list({ limit: 100 });
    return new Map(rows.map((row) => [row.name, row.appliedCommit]));
  }

  async #proposalFor(site: string): Promise<ProposalRow> {
    let found: ProposalRow | undefined;
    await this.#until(`a proposal for ${site} is open`, async () => {
      found = (await this.#store.proposals.open()).find(
        (row) => row.site === site && row.state === 'open',
      );
      return found !== undefined;
    });
    return found!;
  }

  get #store() {
    return this.#service.controller.store;
  }

  #tree(site: string): string {
    return this.#service.controller.copies.directoryOf(site);
  }

  async #step(step: string, work: () => Promise<string>): Promise<void> {
    const started = performance.now();
    const number = this.steps.length + 1;
    this.#output.line(styled('bold', `${number}. ${step}`));
    const seen = await work();
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
    this.steps.push({ step, seen, seconds });
    this.#output.line(`   ${styled('green', '✓')} ${seen} ${styled('dim', `(${seconds} s)`)}`);
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!(await holds())) {
      if (Date.now() > end)
        throw new UserError(
          `the demo waited ${PATIENCE / 1000} s and it is not so: ${what}${await this.#whatIs()}`,
        );
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
  }

  async #whatIs(): Promise<string> {
    const rows = await this.#store.sites.list({ limit: 100 });
    return rows.map(({ name, state, message }) => `\n  ${name} is ${state}: ${message}`).join('');
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new UserError(`the demo expected otherwise: ${what}`);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '     ');
}
