import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { initAgent } from '../../../src/agent/enrol.ts';
import { InvalidBundle } from '../../../src/bundle/invalid-bundle.ts';
import { createLogger, type Logger } from '../../../src/telemetry/logger.ts';
import { FakeDriver } from '../service.ts';
import { Centre, type Decision } from './centre.ts';
import { Fuse } from './fuse.ts';
import type { Step } from './generate.ts';
import { Model } from './model.ts';
import { type Key, KEYS, SECRET, type SiteName, SITES, valuesIn } from './plan.ts';
import { Site, tear } from './site.ts';

const PEOPLE = ['nadia', 'omar', 'rita'] as const;
const DAY = 86_400_000;
/** Calls that a process may still make before it is killed, at the most. */
const BREATHS = 60;
/** Talks after which both ends have nothing new for each other. */
const ROUNDS = 8;

/** Counts of what happened, for figures. */
export type Tally = Record<string, number>;

/** A centre and two sites in one process, on disk as they are everywhere, and the model of what must come of it. */
export class ScheduleWorld {
  readonly root: string;
  /** The sites that take part. */
  readonly names: readonly SiteName[];
  readonly model = new Model();
  readonly lines: string[] = [];
  readonly tally: Tally = {};
  readonly drivers: Record<SiteName, FakeDriver> = {
    lisbon: new FakeDriver(),
    porto: new FakeDriver(),
  };
  centre!: Centre;
  sites!: Record<SiteName, Site>;
  #centreFuse = new Fuse();
  readonly #fuses: Record<SiteName, Fuse> = { lisbon: new Fuse(), porto: new Fuse() };
  readonly #ahead: Record<SiteName, number> = { lisbon: 0, porto: 0 };
  /** Sticks on their way, each with what it was made for; they stay, and may be brought once more. */
  readonly #there: { site: SiteName; file: string }[] = [];
  readonly #back: { site: SiteName; file: string }[] = [];
  /** A merge is done when its revision is in force; whoever was killed before does it then. */
  readonly #merging: Decision[] = [];
  readonly #log: Logger;
  #files = 0;

  private constructor(root: string, names: readonly SiteName[] = SITES) {
    this.root = root;
    this.names = names;
    this.#log = createLogger({
      level: 'trace',
      format: 'json',
      write: (line) => void this.lines.push(line),
    });
  }

  /** Makes a world in which all is enrolled and in sync, to be copied. */
  static async prepare(): Promise<string> {
    const world = new ScheduleWorld(await emptyFolder());
    world.centre = await Centre.open(world.#centreData, world.#centreFuse, world.#log);
    await world.centre.revise(world.model.plan);
    await world.centre.settle();
    const trust = world.centre.agents.signers();
    for (const site of SITES) {
      const { allowedSigners } = await trust;
      const data = world.data(site);
      const { publicKey } = await initAgent({ data, site, trust: allowedSigners });
      await world.centre.agents.invite(site, { by: 'olga', publicKey });
    }
    await world.#openSites();
    for (const site of SITES) {
      await world.sites[site].talk('whole');
      await world.centre.settle();
      await world.sites[site].talk('whole');
    }
    await world.close();
    await mkdir(join(world.root, 'sticks'));
    return world.root;
  }

  /** A world that begins as the prepared one, with some of its sites. */
  static async copyOf(prepared: string, names: readonly SiteName[]): Promise<ScheduleWorld> {
    const world = new ScheduleWorld(await emptyFolder(), names);
    await cp(prepared, world.root, { recursive: true });
    await world.#openCentre();
    await world.#openSites();
    return world;
  }

  data(site: SiteName): string {
    return join(this.root, site);
  }

  get #centreData(): string {
    return join(this.root, 'centre');
  }

  async close(): Promise<void> {
    await this.centre.close();
    for (const site of this.names) await this.sites[site].agent.stop();
  }

  async remove(): Promise<void> {
    await this.close().catch(() => undefined);
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Does a step; one that there is no occasion for does nothing. */
  async play(step: Step): Promise<void> {
    const name = among(this.names, step.site);
    const done = await this.#step(step, name, this.sites[name]);
    if (done !== false) this.#count(step.do);
    await this.centre.settle();
  }

  async #step(step: Step, name: SiteName, site: Site): Promise<unknown> {
    const { model } = this;
    const { pick, more } = step;
    switch (step.do) {
      case 'plan':
        return this.#plan(name, among(KEYS, pick), more);
      case 'edit':
        return this.#edit(site, among(KEYS, pick), more, model.fresh());
      case 'like the plan':
        return this.#likePlan(site, pick, more);
      case 'scribble':
        return this.#scribble(site, among(KEYS, pick));
      case 'revert':
        return this.#revert(site, pick);
      case 'talk':
        await site.talk('whole');
        return undefined;
      case 'lose the bundle':
      case 'lose the answer':
        await site.talk(step.do);
        return undefined;
      case 'work':
        return site.work();
      case 'stick there':
        return this.#stickThere(name, more);
      case 'bring there':
        return this.#bringThere(pick);
      case 'stick back':
        return this.#stickBack(site, more);
      case 'bring back':
        return this.#bringBack(pick);
      case 'merge':
      case 'close':
        // Of what nobody has told, nothing can be decided.
        if ((await this.undecided()) === 0) await site.talk('whole');
        await this.centre.settle();
        return this.#decide(name, pick, step.do === 'merge');
      case 'solve':
        return this.#solve(site, pick, more);
      case 'kill agent':
        return this.#killAgent(site, pick, more);
      case 'kill centre':
        return this.#killCentre(name, pick, more);
      case 'restart':
        await site.agent.stop();
        return this.#openSite(name);
      case 'clock':
        this.#ahead[name] = Math.round((pick - 0.5) * 40 * DAY);
        return undefined;
    }
  }

  /** Everybody is up, clocks are right, and all is told until nothing is left to be told. */
  async heal(bySticks: boolean): Promise<void> {
    for (const site of this.names) this.#ahead[site] = 0;
    let [before, now] = ['', await this.#standing()];
    for (let round = 0; before !== now; round += 1) {
      if (round > ROUNDS) throw new Error('the two ends never stop telling each other');
      for (const name of this.names) {
        const site = this.sites[name];
        await site.work();
        if (!bySticks) await site.talk('whole');
        else if (await this.#stickBack(site, 1)) await this.#bringBack(1);
        await this.centre.settle();
        if (bySticks && (await this.#stickThere(name, 0))) await this.#bringThere(1);
      }
      [before, now] = [now, await this.#standing()];
    }
  }

  /** Where both ends are. */
  async #standing(): Promise<string> {
    const rows = [];
    for (const name of this.names) {
      const ends = [this.centre.store, this.sites[name].agent.store];
      for (const store of ends) {
        const row = await store.sites.get(name);
        const { desiredCommit, observedCommit, appliedCommit, baseCommit, hold } = row!;
        rows.push({ desiredCommit, observedCommit, appliedCommit, baseCommit, hold });
      }
      rows.push(await this.centre.store.agents.unconfirmed(name));
    }
    return JSON.stringify(rows);
  }

  /** How many edits wait for a decision. */
  async undecided(): Promise<number> {
    const open = await Promise.all(this.names.map((site) => this.centre.openDrifts(site)));
    return open.flat().length;
  }

  /** The open drifts of a site, as the values that were edited. */
  async proposals(
    site: SiteName,
  ): Promise<{ id: string; edits: [Key, string][]; message: string; author: string }[]> {
    const { trees } = this.centre;
    const all = [];
    for (const drift of await this.centre.openDrifts(site)) {
      const [was, is] = await trees.readTrees([drift.baseCommit, drift.editCommit]);
      const edits = drift.paths.flatMap((path) => {
        const before = valuesIn(path, was!.get(path)?.content.toString() ?? '');
        const after = valuesIn(path, is!.get(path)?.content.toString() ?? '');
        return [...after].filter(([key, value]) => before.get(key) !== value);
      });
      all.push({ id: drift.id, edits, message: drift.message, author: drift.author });
    }
    return all;
  }

  /** Decides the first of a site's open drifts, as a proposal's end does; false: there is none. */
  async #decide(site: SiteName, pick: number, merged: boolean): Promise<boolean> {
    const open = await this.proposals(site);
    if (open.length === 0) return false;
    return this.decideOne(site, among(open, pick), merged);
  }

  async decideOne(
    site: SiteName,
    { id, edits }: { id: string; edits: [Key, string][] },
    merged: boolean,
  ): Promise<boolean> {
    const decision = { site, driftId: id, merged };
    if (merged) {
      // The merge is in the plan before the centre hears of it.
      this.#merging.push(decision);
      for (const [key, value] of edits) this.model.decide(site, key, value, true);
      await this.#carryOn();
      return true;
    }
    await this.centre.decide(decision);
    for (const [key, value] of edits) this.model.decide(site, key, value, false);
    return true;
  }

  async #carryOn(): Promise<void> {
    await this.centre.revise(this.model.plan);
    for (const decision of this.#merging) await this.centre.decide(decision);
    this.#merging.length = 0;
  }

  async #plan(site: SiteName, key: Key, more: number): Promise<void> {
    const value = this.model.fresh();
    if (more < 0.5) this.model.reviseAll(key, value);
    else this.model.reviseOwn(site, key, value);
    await this.centre.revise(this.model.plan);
  }

  async #edit(
    site: Site,
    key: Key,
    more: number,
    value: string,
    either = false,
  ): Promise<false | void> {
    if ((await site.value(key)) === value) return false;
    const author = among(PEOPLE, more);
    const words = `why-${value}-${this.model.made.length} of ${site.name}, ${SECRET}`;
    await site.edit(key, value, { words, author });
    this.model.edited(site.name, key, { value, words: words.split(' ')[0]!, author, either });
  }

  /** Somebody at the site comes to what the plan says by then. */
  #likePlan(site: Site, pick: number, more: number): Promise<false | void> {
    const key = among(KEYS, pick);
    return this.#edit(site, key, more, this.model.planned(site.name, key), true);
  }

  async #scribble(site: Site, key: Key): Promise<void> {
    const value = this.model.fresh();
    await site.scribble(key, value);
    await site.agent.copies.observe(site.name);
    this.model.edited(site.name, key, { value, words: '', author: '', either: false });
  }

  /** An edit is undone by hand: the line is as the plan had it that the site has. */
  async #revert(site: Site, pick: number): Promise<false | void> {
    const all = [...this.model.standing[site.name].keys()];
    if (all.length === 0) return false;
    const key = among(all, pick);
    const row = await site.agent.store.sites.get(site.name);
    const value = await this.#valueAt(site, row!.baseCommit!, key);
    if (value === (await site.value(key))) return false;
    await site.scribble(key, value);
    await site.agent.copies.observe(site.name);
    this.model.reverted(site.name, key);
  }

  async #valueAt(site: Site, commit: string, key: Key): Promise<string> {
    const tree = await site.trees.readTree(commit);
    for (const [path, file] of tree) {
      const value = valuesIn(path, file.content.toString()).get(key);
      if (value !== undefined) return value;
    }
    throw new Error(`no file of ${commit} has ${key}`);
  }

  async #stickThere(site: SiteName, more: number): Promise<boolean> {
    const agent = await this.centre.store.agents.get(site);
    // All of it, or what the site lacks as far as the centre knows.
    const have = more < 0.5 ? [] : [agent?.base, agent?.observed].filter((one) => one != null);
    const file = this.#file();
    if (!(await this.centre.bundle(site, have, file))) return false;
    this.#there.push({ site, file });
    return true;
  }

  /** A stick arrives at its site: the newest, or one that is late, or comes once more. */
  async #bringThere(pick: number): Promise<boolean> {
    if (this.#there.length === 0) return false;
    const { site, file } = among(this.#there, Math.sqrt(pick));
    await this.sites[site].agent.import(file).catch((error: unknown) => {
      if (!(error instanceof InvalidBundle)) throw error;
      this.#count(`refused: ${error.reason}`);
    });
    await this.sites[site].work();
    return true;
  }

  async #stickBack(site: Site, more: number): Promise<boolean> {
    const file = this.#file();
    if (!(await site.agent.export(file, more < 0.3))) return false;
    this.#back.push({ site: site.name, file });
    return true;
  }

  async #bringBack(pick: number): Promise<boolean> {
    if (this.#back.length === 0) return false;
    const { site, file } = among(this.#back, Math.sqrt(pick));
    const answer = await this.centre.receive(site, file);
    if (!answer.accepted) this.#count('told before: older');
    return true;
  }

  /** Somebody at the site solves what plan and site disagree about, as they mostly do just now. */
  async #solve(site: Site, pick: number, more: number): Promise<boolean> {
    if (pick < 0.7) {
      const key = among(KEYS, more);
      await this.#edit(site, key, more, this.model.fresh());
      this.model.reviseOwn(site.name, key, this.model.fresh());
      await this.centre.revise(this.model.plan);
      await site.talk('whole');
    }
    // What was told last may be solved already, by an edit since.
    await site.work();
    const conflicts = (await site.agent.view()).status?.conflicts ?? [];
    for (const [index, path] of conflicts.entries()) {
      const choice = (more * 2 ** (index + 1)) % 2 < 1 ? 'plan' : 'site';
      await site.agent.resolve(path, choice);
      if (choice === 'plan') this.model.gaveWay(site.name, path);
      else this.model.stoodFirm(site.name, path);
    }
    await site.work();
    return conflicts.length > 0;
  }

  /** The agent is killed in the middle of what it does, and starts again; power may have gone with it. */
  async #killAgent(site: Site, pick: number, more: number): Promise<void> {
    const { name } = site;
    const fuse = this.#fuses[name];
    if (more < 0.7) {
      // There is something to be done when it comes.
      this.model.reviseOwn(name, among(KEYS, pick), this.model.fresh());
      await this.centre.revise(this.model.plan);
    }
    fuse.set(Math.floor(more * BREATHS));
    try {
      if (pick < 0.1) await site.work();
      else await site.talk('whole');
    } catch (error) {
      if (!fuse.blown) throw error;
    }
    await site.agent.stop();
    this.#fuses[name] = new Fuse();
    if (fuse.blown) {
      this.#count('agents killed');
      if (await tear(this.data(name), name, fractions(pick))) this.#count('trees half written');
    }
    await this.#openSite(name);
  }

  /** The centre is killed in the middle of what comes from a site, or of a revision; and starts again. */
  async #killCentre(name: SiteName, pick: number, more: number): Promise<void> {
    const fuse = this.#centreFuse;
    if (pick < 0.4) this.model.reviseOwn(name, among(KEYS, more), this.model.fresh());
    fuse.set(Math.floor(more * more * BREATHS));
    try {
      if (pick < 0.4) await this.centre.revise(this.model.plan);
      else await this.sites[name].talk('whole');
      await this.centre.settle();
    } catch (error) {
      if (!fuse.blown) throw error;
    }
    if (fuse.blown) this.#count('centres killed');
    await this.centre.close();
    this.#centreFuse = new Fuse();
    await this.#openCentre();
  }

  async #openCentre(): Promise<void> {
    this.centre = await Centre.open(this.#centreData, this.#centreFuse, this.#log);
    await this.#carryOn();
    await this.centre.settle();
  }

  async #openSites(): Promise<void> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    this.sites ??= {} as Record<SiteName, Site>;
    for (const site of this.names) await this.#openSite(site);
  }

  async #openSite(name: SiteName): Promise<void> {
    this.sites[name] = await Site.open({
      name,
      data: this.data(name),
      centre: () => this.centre,
      fuse: this.#fuses[name],
      driver: this.drivers[name],
      log: this.#log,
      now: () => Date.now() + this.#ahead[name],
    });
    await this.sites[name].work();
  }

  #file(): string {
    this.#files += 1;
    return join(this.root, 'sticks', `${this.#files}.bundle`);
  }

  #count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1;
  }
}

export function among<T>(all: readonly T[], pick: number): T {
  return all[Math.min(all.length - 1, Math.floor(pick * all.length))]!;
}

/** Numbers in [0, 1) that follow from one. */
function fractions(from: number): () => number {
  let at = from;
  return () => (at = (at * 9301 + 0.49297) % 1);
}

/** In memory, where the machine has such a folder: a schedule writes a lot that nobody keeps. */
async function emptyFolder(): Promise<string> {
  const memory = process.platform === 'linux' ? '/dev/shm' : tmpdir();
  return mkdtemp(join(memory, 'trueup-schedule-')).catch(() =>
    mkdtemp(join(tmpdir(), 'trueup-schedule-')),
  );
}
