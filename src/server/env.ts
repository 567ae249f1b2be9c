import type { HttpBindings } from '@hono/node-server';

import type { Identity } from './options.ts';

/** What Hono knows of a request: the sockets of Node, and what our middleware found out. */
export interface Env {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** Set where a valid token was sent. */
    identity: Identity | undefined;
  };
}
