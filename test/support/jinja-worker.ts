import { parentPort } from 'node:worker_threads';

import { InvalidInput } from '../../src/model/errors.ts';
import { compileTemplate } from '../../src/render/template/template.ts';

// Renders every template that it is sent, in a thread whose memory its parent limits, and answers how that ended.
const context = new Map([['x', new Map([['a', 1]])]]);

function outcome(source: string): { text: string } | { error: string } {
  try {
    return { text: compileTemplate('t.j2', source).render(context).slice(0, 100) };
  } catch (error) {
    if (error instanceof InvalidInput) return { error: error.message };
    throw error;
  }
}

parentPort?.on('message', (source: unknown) => {
  if (typeof source !== 'string') throw new TypeError('a template is expected');
  // oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(outcome(source));
});
