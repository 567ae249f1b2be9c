import { mkdir } from 'node:fs/promises';
import { relative, sep } from 'node:path';

import { watch, type FSWatcher } from 'chokidar';

export interface WatcherOptions {
  /** Folder that holds one folder a site, each with its `tree/`. */
  directory: string;
  /** Milliseconds of quiet after which an edit counts as made. */
  settle: number;
  /** Milliseconds between two looks at a site without any event: file events get lost. */
  compareInterval: number;
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

  constructor(options: WatcherOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { directory, onError } = this.#options;
    await mkdir(directory, { recursive: true });
    this.#watcher = watch(directory, {
      ignoreInitial: true,
      followSymlinks: false,
      // Of each site's folder only `tree/` is the operator's.
      ignored: (path) => !['', 'tree'].includes(relative(directory, path).split(sep)[1] ?? ''),
    });
    this.#watcher.on('all', (_event, path) => this.#touched(path));
    this.#watcher.on('error', onError);
    this.#schedule();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    for (const timer of this.#quiet.values()) clearTimeout(timer);
    this.#quiet.clear();
    await this.#watcher?.close();
  }

  #touched(path: string): void {
    const site = relative(this.#options.directory, path).split(sep)[0];
    if (!site || site === '..') return;
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
