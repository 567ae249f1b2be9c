import { mkdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { watch, type FSWatcher } from 'chokidar';

export interface WatcherOptions {
  /** Folder that holds one folder a site, each with its `tree/`. */
  directory: string;
  /** Milliseconds of quiet after which an edit counts as made. */
  settle: number;
  /** Milliseconds between two looks at a site without any event: file events get lost. */
  compareInterval: number;
  /**
   * Sites whose file events are listened to; each costs about 0.3 MB and 7 ms. The others are found by the clock
   * alone, until an edit there gives them the place of one that was quiet for longer.
   */
  maxWatched: number;
  sites: () => readonly string[];
  /** "Look at this site now"; carries no word of what happened, so a lost or doubled call does no harm (law 8). */
  look: (site: string) => void;
  onError: (error: unknown) => void;
}

/** Tells when a working copy may have been edited: at once by file events, in any case by the clock. */
export class WorkingCopyWatcher {
  readonly #options: WatcherOptions;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #quiet = new Map<string, NodeJS.Timeout>();
  #turn = 0;
  /** Those listened to, the one that was edited last at the end. */
  readonly #watched = new Set<string>();

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { directory, onError } = this.#options;
    await mkdir(directory, { recursive: true });
    this.#watcher = watch(directory, {
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path) => this.#isIgnored(path),
    });
    this.#watcher.on('all', (event, path) => this.#touched(event, path));
    this.#watcher.on('error', onError);
    this.#schedule();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    for (const timer of this.#quiet.values()) clearTimeout(timer);
    this.#quiet.clear();
    await this.#watcher?.close();
  }

  /** An edit was found at a site: file events of it are worth listening to from now on. */
  edited(site: string): void {
    const { directory, maxWatched } = this.#options;
    if (this.#watched.delete(site)) {
      this.#watched.add(site);
      return;
    }
    if (maxWatched === 0 || this.#watcher === undefined) return;
    const [longestQuiet] = this.#watched;
    if (this.#watched.size >= maxWatched && longestQuiet !== undefined) {
      this.#watched.delete(longestQuiet);
      this.#watcher.unwatch(join(directory, longestQuiet));
    }
    this.#watched.add(site);
    this.#watcher.add(join(directory, site));
  }

  /** Of each site's folder only `tree/` is the operator's, and only so many sites are listened to. */
  #isIgnored(path: string): boolean {
    const [site = '', folder = ''] = relative(this.#options.directory, path).split(sep);
    if (site === '') return false;
    if (folder !== '' && folder !== 'tree') return true;
    if (this.#watched.has(site)) return false;
    if (this.#watched.size >= this.#options.maxWatched) return true;
    this.#watched.add(site);
    return false;
  }

  #touched(event: string, path: string): void {
    const [site, folder] = relative(this.#options.directory, path).split(sep);
    if (!site || site === '..') return;
    if (event === 'unlinkDir' && folder === undefined) this.#watched.delete(site);
    clearTimeout(this.#quiet.get(site));
    this.#quiet.set(
      site,
      setTimeout(() => {
        this.#quiet.delete(site);
        this.#options.look(site);
      }, this.#options.settle),
    );
  }

  /** Spreads the looks evenly over the interval, a few sites each turn, so that no moment is busier than another. */
  #schedule(): void {
    const { compareInterval, sites, look } = this.#options;
    const turns = Math.max(1, Math.min(100, Math.floor(compareInterval / 100)));
    this.#timer = setTimeout(() => {
      this.#turn = (this.#turn + 1) % turns;
      const all = sites();
      for (let i = this.#turn; i < all.length; i += turns) look(all[i]!);
      this.#schedule();
    }, compareInterval / turns);
    this.#timer.unref();
  }
}
