import type { IncomingMessage } from 'node:http';

const timers = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Ends the connection of a request whose body does not come within `patience` milliseconds, whatever was answered
 * meanwhile. `allowSlowBody` takes one out of this.
 */
export function endSlowBody(request: IncomingMessage, patience: number): void {
  const { headers } = request;
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody) return;
  const timer = setTimeout(() => request.socket.destroy(), patience);
  const clear = (): void => clearTimeout(timer);
  timers.set(request, timer);
  request.once('end', clear);
  request.once('close', clear);
}

/** Lets the body of a request take its time: whoever reads it watches over it. */
export function allowSlowBody(request: IncomingMessage): void {
  clearTimeout(timers.get(request));
}
