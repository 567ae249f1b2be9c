import { parentPort } from 'node:worker_threads';

import type { WorkerJob, WorkerMessage } from './job.ts';
import { perform } from './perform.ts';

/** The thread in which untrusted plans are rendered: one job after another, until it is ended. */
parentPort?.on('message', (job: WorkerJob) => {
  // oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
  perform(job, (message) => parentPort?.postMessage(message));
});
// oxlint-disable-next-line require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage({ ready: true } satisfies WorkerMessage);
