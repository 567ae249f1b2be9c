import { readFile } from 'node:fs/promises';

import type { DriftRow } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import type { FakeGitHub } from './github/server.ts';
import type { Pull } from './github/state.ts';
import { TOKEN } from './service-process.ts';
import { eventually } from './wait.ts';
import { site } from './world-plan.ts';
import type { World } from './world.ts';

const ALL = 'group_vars/all.yml';
/** Bound of one wait (ms): controllers die while it lasts. */
const PATIENCE = 150_000;

export interface Stage {
  github: FakeGitHub;
  world: World;
  /** Where the controller of now listens, if one does. */
  url: () => string | undefined;
  store: () => Promise<Store>;
  /** Tells what is going on, if a wait is in vain. */
  tell: () => unknown;
}

/** Things that people do, each waiting for what has to come of it, whatever happens to the controller meanwhile. */
export class Acts {
  /** Edits that were proposed: each has one pull request. */
  readonly edits: string[] = [];
  readonly #stage: Stage;
  #count = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Every kind of act; each has the site for itself. */
  readonly kinds: readonly ((site: string) => Promise<void>)[] = [
    (name) => this.#adopt(name, 'page'),
    (name) => this.#adopt(name, 'api'),
    (name) => this.#reject(name, 'page'),
    (name) => this.#reject(name, 'api'),
    (name) => this.#undo(name),
    (name) => this.#choose(name),
    (name) => this.#adoptByPolicy(name),
    () => this.#preview('merged'),
    () => this.#preview('closed'),
    () => this.#breakPlan(),
  ];

  async #adopt(name: string, by: 'page' | 'api'): Promise<void> {
    const { pull, text } = await this.#edit(name);
    if (by === 'page') this.#stage.github.mergePull(pull.number, 'olga');
    else await this.#decide(pull, 'merge');
    await this.#adopted(name, text);
  }

  async #reject(name: string, by: 'page' | 'api'): Promise<void> {
    const { pull, text } = await this.#edit(name);
    if (by === 'page') this.#stage.github.closePull(pull.number, 'olga');
    else await this.#decide(pull, 'close');
    await this.#until(`${name} goes back`, async () => {
      const [drift] = await this.#drifts(name);
      return drift?.status === 'rejected' && !(await this.#file(name)).includes(text);
    });
  }

  /** Who edited it undoes it: the pull request is closed with a word why. */
  async #undo(name: string): Promise<void> {
    const { github, world } = this.#stage;
    const { pull, text, before } = await this.#edit(name);
    await world.edit(name, ALL, text, before);
    await this.#until(`#${pull.number} is closed with a word`, () => {
      const words = github.comments.filter((one) => one.pull === pull.number);
      return pull.state === 'closed' && words.some(({ body }) => body.includes('Nothing is left'));
    });
    await this.#until('that is known', async () => {
      const [drift] = await this.#drifts(name);
      return drift?.status === 'reverted';
    });
  }

  /** Takes another option by a comment, then closes. */
  async #choose(name: string): Promise<void> {
    const { github } = this.#stage;
    const { pull, text } = await this.#edit(name);
    const { head } = pull;
    // A site that has been given the value once has no other place for it.
    if (pull.body?.includes('- [ ]')) {
      github.comment(pull.number, 'maintainer', '/trueup choose 2');
      await this.#until(`#${pull.number} follows the choice`, () => {
        const now = github.repository.branchCommit(pull.branch);
        return now !== head && pull.body?.includes('layers/common.yaml');
      });
    }
    github.closePull(pull.number, 'olga');
    await this.#until(`${name} goes back`, async () => !(await this.#file(name)).includes(text));
  }

  /** The plan lets what is edited in the region `auto` be merged. */
  async #adoptByPolicy(name: string): Promise<void> {
    const { text } = await this.#edit(name.replace('site', 'auto'), 'merged');
    await this.#adopted(name.replace('site', 'auto'), text);
  }

  /** Somebody's pull request is shown, moved, checked, and ended. */
  async #preview(end: 'merged' | 'closed'): Promise<void> {
    const { github } = this.#stage;
    const name = `guest-${(this.#count += 1)}`;
    const branch = `people/${name}`;
    const push = async (clock: string): Promise<string> => {
      const text = site(name, { clock });
      const head = github.repository.commit(branch, { [`sites/${name}.yaml`]: text });
      await github.notice();
      return head;
    };
    const first = await push('192.0.2.7');
    const number = github.openPull(branch);
    await this.#until(`#${number} is shown`, () => this.#isShown(number, first));
    const head = await push('192.0.2.8');
    await this.#until(`#${number} is shown again`, () => this.#isShown(number, head));
    let asked = 0;
    await this.#until(`#${number} is checked`, () => {
      const told = github.statuses.filter(
        (one) => one.commit === head && one.context === 'trueup/check',
      );
      // While the plan is broken nothing is checked: who is refused asks again.
      const refusals = told.filter(({ state }) => state === 'failure' || state === 'error').length;
      if (asked <= refusals) {
        asked += 1;
        github.comment(number, 'maintainer', '/trueup check');
      }
      return told.some(({ state }) => state === 'success');
    });
    if (end === 'closed') {
      github.closePull(number, 'olga');
      return;
    }
    const merged = github.mergePull(number, 'olga');
    await this.#inForce(merged);
    await this.#until(`#${number} is compared`, async () => {
      const row = await (await this.#stage.store()).previews.get(number);
      return row?.inForceAs !== null;
    });
  }

  /** A plan that does not validate is told on its commit; so is its repair. */
  async #breakPlan(): Promise<void> {
    const { github } = this.#stage;
    const path = `sites/broken-${(this.#count += 1)}.yaml`;
    const broken = github.repository.commit('main', { [path]: 'kind: Nothing\n' });
    await github.notice();
    // The branch may have moved on before anybody looked: then a later commit is told.
    const isTold = (commit: string, state: string): boolean =>
      github.statuses.some(
        (one) => one.state === state && github.repository.isAncestor(commit, one.commit),
      );
    await this.#until('the broken commit is told', () => isTold(broken, 'failure'));
    const good = site(`repaired-${this.#count}`);
    const repaired = github.repository.commit('main', { [path]: good });
    await github.notice();
    await this.#until('the repaired one is told', () => isTold(repaired, 'success'));
  }

  /** Edits a site in a way of its own, and waits for the pull request. */
  async #edit(
    name: string,
    state: 'open' | 'merged' = 'open',
  ): Promise<{ pull: Pull; text: string; before: string }> {
    const { github, world } = this.#stage;
    const text = `Greeting ${(this.#count += 1)}.`;
    // What is edited while the plan's own change is on its way there would be held as a conflict.
    await this.#until(`${name} is in sync`, async () => {
      const row = await (await this.#stage.store()).sites.get(name);
      return row?.state === 'synced' && row.baseCommit === row.desiredCommit;
    });
    const [line = ''] = /^motd: .*$/m.exec(await this.#file(name)) ?? [];
    await world.edit(name, ALL, line, `motd: ${text}`);
    this.edits.push(text);
    const pull = await this.#until(`${name} has its pull request`, () =>
      github.pulls.find(
        (one) =>
          one.title.includes(`→ ${text}`) &&
          (state === 'open' ? one.labels.includes('trueup') : one.merge !== null),
      ),
    );
    return { pull, text: `motd: ${text}`, before: line };
  }

  async #decide(pull: Pull, how: 'merge' | 'close'): Promise<void> {
    await this.#until(`#${pull.number} takes the decision`, async () => {
      const { github, url, store } = this.#stage;
      const now = github.pulls[pull.number - 1]!;
      if (how === 'merge' ? now.merge !== null : now.state === 'closed') return true;
      const row = await (await store()).proposals.byNumber(pull.number);
      if (!row) return false;
      await fetch(`${url()}/api/v1/proposals/${row.id}/${how}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        signal: AbortSignal.timeout(2000),
      });
      return false;
    });
  }

  async #adopted(name: string, text: string): Promise<void> {
    await this.#until(`${name} has taught the plan`, async () => {
      const [drift] = await this.#drifts(name);
      return drift?.status === 'adopted' && (await this.#file(name)).includes(text);
    });
  }

  async #drifts(name: string): Promise<DriftRow[]> {
    return (await this.#stage.store()).drifts.list({ site: name, limit: 1 });
  }

  #file(name: string): Promise<string> {
    return readFile(this.#stage.world.siteFile(name, ALL), 'utf8');
  }

  #isShown(number: number, head: string): boolean {
    const { github } = this.#stage;
    const comments = github.comments.filter(({ pull }) => pull === number);
    return (
      comments.some(({ body }) => body.includes(head.slice(0, 10))) && this.#isTold(head, 'success')
    );
  }

  #isTold(commit: string, state: string): boolean {
    return this.#stage.github.statuses.some(
      (one) => one.commit === commit && one.context === 'trueup/render' && one.state === state,
    );
  }

  async #inForce(commit: string): Promise<void> {
    await this.#until(`${commit} is in force`, async () => {
      const { goodRevision, headRevision } = await (await this.#stage.store()).plan.get();
      const { repository } = this.#stage.github;
      return (
        goodRevision !== null &&
        goodRevision === headRevision &&
        repository.isAncestor(commit, goodRevision)
      );
    });
  }

  #until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) {
    return eventually(what, look, { patience: PATIENCE, tell: this.#stage.tell });
  }
}
