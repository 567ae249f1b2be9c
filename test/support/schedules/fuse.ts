/** A process that was killed: nothing that it still wants to do is done. */
export class Killed extends Error {
  override name = 'Killed';
}

/**
 * What a process reaches its database and git through, so that it can end between any two of its steps, as by SIGKILL:
 * from then on each call throws, and nothing is written any more.
 */
export class Fuse {
  #left = Infinity;

  /** Lets so many calls pass. */
  set(calls: number): void {
    this.#left = calls;
  }

  /** No kill came of it. */
  clear(): void {
    if (!this.blown) this.#left = Infinity;
  }

  get blown(): boolean {
    return this.#left < 0;
  }

  /** A part as the process is to see it. */
  through<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        // Files and child processes of ours are closed however the process ends; git reads by itself.
        if (name === 'close' || name === 'repository') return bound(value, target);
        if (typeof value === 'function')
          return (...args: unknown[]) => this.#call(target, name, value, args);
        return typeof value === 'object' && value !== null ? this.through(value) : value;
      },
    });
  }

  #call(target: object, name: string | symbol, call: Function, args: unknown[]): unknown {
    // Refs follow later, and others are found after a kill; that is a kill before they did.
    if (name === 'followRefs' && this.#left !== Infinity) return undefined;
    this.#left -= 1;
    if (this.blown) throw new Killed('the process was killed');
    const [work] = args;
    if (name === 'transaction' && typeof work === 'function') {
      const inner = async (tx: object): Promise<unknown> => {
        const done: unknown = await Reflect.apply(work, undefined, [this.through(tx)]);
        this.#left -= 1;
        if (this.blown) throw new Killed('the process was killed before it could commit');
        return done;
      };
      return Reflect.apply(call, target, [inner]);
    }
    return Reflect.apply(call, target, args);
  }
}

function bound(value: unknown, target: object): unknown {
  return typeof value === 'function' ? value.bind(target) : value;
}
