import { signal } from '@preact/signals';
import { createParser } from 'eventsource-parser';

import { headers, token } from './api.ts';

/** How long to wait before another attempt, at first and at most (ms). */
const MIN_PAUSE = 500;
const MAX_PAUSE = 15_000;

/** Grows whenever there may be something new. */
export const changes = signal(0);
export type Connection = 'connecting' | 'live' | 'lost' | 'refused';
export const connection = signal<Connection>('connecting');

/** Listens to the controller for as long as the page lives. EventSource itself cannot send a token. */
export async function listen(): Promise<never> {
  let seen: string | undefined;
  let pause = MIN_PAUSE;
  for (;;) {
    try {
      const response = await fetch('/api/v1/stream', {
        headers: { ...headers(), ...(seen !== undefined && { 'last-event-id': seen }) },
      });
      if (response.status === 401 || response.status === 403) {
        connection.value = 'refused';
        await anotherToken();
        continue;
      }
      if (!response.ok || !response.body) throw new Error(response.statusText);
      connection.value = 'live';
      pause = MIN_PAUSE;
      const parser = createParser({
        onEvent({ event, id }) {
          if (event !== 'change') return;
          seen = id;
          changes.value += 1;
        },
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        parser.feed(value);
      }
    } catch {
      // Whatever it was: it is tried again, and the page says so.
    }
    connection.value = 'lost';
    await new Promise((resolve) => {
      setTimeout(resolve, pause * (0.75 + Math.random() / 2));
    });
    pause = Math.min(pause * 2, MAX_PAUSE);
  }
}

function anotherToken(): Promise<void> {
  const before = token.value;
  return new Promise((resolve) => {
    const stop = token.subscribe((now) => {
      if (now === before) return;
      resolve();
      queueMicrotask(() => stop());
    });
  });
}
