import { fileOf, firstValues, type Key, type PlanValues, type SiteName, valueAt } from './plan.ts';

/** An edit that stands at a site, and is to be decided unless it goes. */
export interface Standing {
  value: string;
  words: string;
  author: string;
  /** Whether it is to be decided depends on who was first: the plan came to it, or it was decided as it was before. */
  either: boolean;
  /** It was kept against another word of the plan: to decide what it was before is not to decide it. */
  kept?: true;
}

/** Something that was recorded and must never be lost. */
export interface Made {
  site: SiteName;
  key: Key;
  value: string;
  words: string;
  author: string;
}

/** What people did, and what must come of it: nothing of git, bundles, databases or time. */
export class Model {
  readonly plan: PlanValues = firstValues();
  readonly standing: Record<SiteName, Map<Key, Standing>> = {
    lisbon: new Map(),
    porto: new Map(),
  };
  readonly made: Made[] = [];
  /** How often each site's files were changed by people: what they undid counts as well. */
  readonly recorded: Record<SiteName, number> = { lisbon: 0, porto: 0 };
  /** `site key value` of what was decided by people. */
  readonly decided: string[] = [];
  #count = 0;

  /** A value that stands nowhere else. */
  fresh(): string {
    this.#count += 1;
    return `v${this.#count}`;
  }

  planned(site: SiteName, key: Key): string {
    return valueAt(this.plan, site, key);
  }

  reviseAll(key: Key, value: string): void {
    this.plan.all[key] = value;
  }

  reviseOwn(site: SiteName, key: Key, value: string): void {
    this.plan.own[site][key] = value;
  }

  edited(site: SiteName, key: Key, edit: Standing): void {
    const { value, words, author } = edit;
    this.recorded[site] += 1;
    this.made.push({ site, key, value, words, author });
    this.standing[site].set(key, edit);
  }

  reverted(site: SiteName, key: Key): void {
    this.recorded[site] += 1;
    this.standing[site].delete(key);
  }

  /** The plan has the edit, or the site goes back: a later edit of the same place stands on. */
  decide(site: SiteName, key: Key, value: string, merged: boolean): void {
    this.decided.push(`${site} ${key} ${value}`);
    if (merged) this.reviseOwn(site, key, value);
    const edit = this.standing[site].get(key);
    if (edit?.value !== value) return;
    if (edit.kept) this.standing[site].set(key, { ...edit, either: true });
    else this.standing[site].delete(key);
  }

  /** A conflict was solved with the site's lines: as if the edit had been made again, to the plan as it is now. */
  stoodFirm(site: SiteName, path: string): void {
    for (const [key, edit] of this.standing[site]) {
      if (fileOf(key) !== path) continue;
      const { value, words, author } = edit;
      this.made.push({ site, key, value, words, author });
      this.standing[site].set(key, { ...edit, kept: true });
    }
  }

  /** A conflict was solved with the plan's file. */
  gaveWay(site: SiteName, path: string): void {
    for (const key of this.standing[site].keys())
      if (fileOf(key) === path) this.standing[site].delete(key);
  }

  /** What is to be proposed once all have heard of everything. */
  proposable(site: SiteName): [Key, Standing][] {
    return [...this.standing[site]].filter(([key, { value }]) => value !== this.planned(site, key));
  }
}
