import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import type { Call, FakeGitHub, Watcher } from './github/server.ts';

const PROGRAM = join(import.meta.dirname, 'forge-mortal.ts');
const Word = z.object({ loaded: z.literal(true).optional(), url: z.string().optional() });
type Moment = Parameters<Watcher>[1];

/** When a controller dies: so many calls from its start on, or of those that change something, and with whom. */
interface Death {
  left: number;
  onlyWrites: boolean;
  moment: Moment;
  /** Whether programs that it had started die with it. */
  group: boolean;
}

export interface MortalsOptions {
  github: FakeGitHub;
  /** The controller's settings, and where its log goes. */
  settings: string;
  log: string;
  random: () => number;
  /** How many of them are to be killed. */
  kills: number;
  secret: string;
}

/**
 * Controllers, one after the other, each killed with SIGKILL right before or after the forge carries out or answers
 * one of its calls, chosen at random. The last one lives.
 */
export class Mortals {
  /** Calls at which one was killed. */
  readonly deaths: string[] = [];
  /** Rejects if one ends otherwise. */
  readonly fails: Promise<never>;
  /** Where the one of now listens; undefined while none does. */
  url: string | undefined;
  readonly #options: MortalsOptions;
  #current: ChildProcess | undefined;
  /** Has been started, and waits until it is needed. */
  #spare: { child: ChildProcess; loaded: Promise<unknown> };
  #over = false;

  constructor(options: MortalsOptions) {
    this.#options = options;
    this.#spare = this.#fork();
    this.fails = this.#succeed();
    this.fails.catch(() => undefined);
  }

  /** Ends the last one as an operator would. Returns its exit code. */
  async end(): Promise<number | null> {
    const child = this.#current!;
    this.#over = true;
    this.#options.github.watch();
    const gone = once(child, 'exit');
    child.send('stop');
    const [code] = await gone;
    killAll(this.#spare.child, true);
    return code;
  }

  /** Leaves none behind, whatever happened. */
  kill(): void {
    this.#over = true;
    this.#options.github.watch();
    for (const child of [this.#current, this.#spare.child]) if (child) killAll(child, true);
  }

  async #succeed(): Promise<never> {
    const { github, kills, secret } = this.#options;
    for (;;) {
      const { child, loaded } = this.#spare;
      this.#current = child;
      await loaded;
      if (this.#over) return await new Promise<never>(() => {});
      const last = this.deaths.length === kills;
      github.watch(last ? undefined : this.#watcher(child, this.#death()));
      child.on('message', (message) => {
        const { url } = Word.parse(message);
        if (url === undefined) return;
        this.url = url;
        github.hook({ url: `${url}/webhooks/github`, secret });
      });
      const gone = once(child, 'exit');
      child.send('begin');
      if (!last) this.#spare = this.#fork();
      const [code, signal] = await gone;
      this.url = undefined;
      if (this.#over) return await new Promise<never>(() => {});
      if (signal !== 'SIGKILL') throw new Error(`a controller ended by itself (${signal ?? code})`);
    }
  }

  #death(): Death {
    const { random } = this.#options;
    const onlyWrites = random() < 0.6;
    const moments = ['before', 'done', 'answered'] as const;
    return {
      onlyWrites,
      left: 1 + Math.floor(random() * (onlyWrites ? 5 : 60)),
      moment: moments[Math.floor(random() * moments.length)]!,
      group: random() < 0.5,
    };
  }

  #watcher(child: ChildProcess, death: Death): Watcher {
    let dead = false;
    let due: Call | undefined;
    return (call, moment) => {
      // What was under way with it may arrive all the same.
      if (dead) return false;
      if (moment === 'before' && due === undefined && (call.writes || !death.onlyWrites)) {
        death.left -= 1;
        if (death.left === 0) due = call;
      }
      // What git does is told only at its beginning and its end.
      const reached = moment === death.moment || (moment === 'answered' && death.moment === 'done');
      if (call !== due || !reached) return false;
      dead = true;
      killAll(child, death.group);
      this.deaths.push(`${moment} ${call.what}`);
      return true;
    };
  }

  #fork(): { child: ChildProcess; loaded: Promise<unknown> } {
    const { settings, log } = this.#options;
    const file = openSync(log, 'a');
    try {
      const child = fork(PROGRAM, [settings], {
        detached: true,
        stdio: ['ignore', file, file, 'ipc'],
      });
      return { child, loaded: once(child, 'message') };
    } finally {
      closeSync(file);
    }
  }
}

function killAll(child: ChildProcess, group: boolean): void {
  const { pid, exitCode, signalCode } = child;
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  process.kill(group ? -pid : pid, 'SIGKILL');
}
