import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { get, tell, token } from './api.ts';
import { changes } from './live.ts';

/** However often something changes, nothing is asked for more often (ms). */
const GAP = 400;
/** Asked for again after so long in any case (ms): that somebody is late comes with the time alone. */
const AT_LATEST = 60_000;

export interface Resource<T> {
  data: ReadonlySignal<T | undefined>;
  /** Why there is no data, or none that is new. */
  fault: ReadonlySignal<string | undefined>;
}

/**
 * What the API has at an address, asked for again whenever there may be something new.
 * @param at undefined: nothing is asked for
 * @param read in place of reading JSON
 */
export function useResource<T>(
  at: string | undefined,
  read: (at: string, signal: AbortSignal) => Promise<T> = get,
): Resource<T> {
  const data = useSignal<T | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  useEffect(() => {
    data.value = undefined;
    fault.value = undefined;
    if (at === undefined) return undefined;
    return follow(async (signal) => {
      try {
        const answer = await read(at, signal);
        if (signal.aborted) return;
        data.value = answer;
        fault.value = undefined;
      } catch (error) {
        if (!signal.aborted) fault.value = tell(error);
      }
    });
  }, [at]);
  return { data, fault };
}

/** Does some work now, again after each change and with each token, and now and then; returns what ends that. */
export function follow(work: (signal: AbortSignal) => Promise<void>): () => void {
  const ended = new AbortController();
  let busy = false;
  let again = false;
  const run = async (): Promise<void> => {
    again = busy;
    if (busy) return;
    busy = true;
    await work(ended.signal);
    await new Promise((resolve) => {
      setTimeout(resolve, GAP);
    });
    busy = false;
    if (again && !ended.signal.aborted) await run();
  };
  const stops = [changes, token].map((source) => {
    let first = true;
    return source.subscribe(() => {
      if (!first) void run();
      first = false;
    });
  });
  void run();
  const timer = setInterval(() => {
    if (!document.hidden) void run();
  }, AT_LATEST);
  return () => {
    ended.abort();
    clearInterval(timer);
    for (const stop of stops) stop();
  };
}
