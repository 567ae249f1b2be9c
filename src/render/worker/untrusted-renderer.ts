import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';

import PQueue from 'p-queue';

import {
  type JobResult,
  type PlanSource,
  type RenderJob,
  STAGE,
  type WorkerJob,
  type WorkerMessage,
} from './job.ts';
import { Packer } from './pack.ts';

export type {
  FileChange,
  FileVersion,
  JobResult,
  PlanSource,
  RenderJob,
  SiteOutcome,
} from './job.ts';

const TIMEOUT = 10_000;
const MIB = 1024 * 1024;
const LEAST_MEGABYTES = 96;
const MOST_MEGABYTES = 1024;
/** Kilobytes that a file of a plan takes when it has been read and its site rendered, generously. */
const PER_FILE = 40;
/** As much as the main thread has: what nests too deeply for one is to be too deep for the other. */
const STACK_MEGABYTES = 1.15;

/**
 * Renders plans that nobody has reviewed, in a thread of their own: one that loops, eats memory or breaks the thread
 * ends with a clear word within its time, and the next job gets a new thread. Jobs go one after another; between jobs
 * that end well the thread is kept.
 *
 * A template cannot run for long nor reach anything of the host by itself (see `Fuel`); what the thread adds is that
 * whatever was overlooked there, and what other people's code does (patterns of a JSON Schema), is bounded as well.
 */
export class UntrustedRenderer {
  readonly #queue = new PQueue({ concurrency: 1 });
  #thread: Thread | undefined;

  /** Never rejects for anything that is in the plan: what is wrong is among the result's problems. */
  async run(job: RenderJob): Promise<JobResult> {
    return this.#queue.add(() => this.#run(job));
  }

  /** Ends the thread; jobs that wait or are under way end as aborted. */
  async close(): Promise<void> {
    this.#thread?.end('aborted');
    await this.#queue.onIdle();
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  async #run(job: RenderJob): Promise<JobResult> {
    if (job.signal?.aborted) return failed('aborted', 'the job was aborted');
    const megabytes = Math.min(job.megabytes ?? megabytesFor(job), MOST_MEGABYTES);
    // What is not on the heap the thread's limits do not bound: it is not even handed over.
    if (sizeOf(job.plan) > (megabytes * MIB) / 2) {
      const message = `the plan's files come to more than ${megabytes / 2} MB`;
      return failed('memory', message, 'the plan that it is compared with is far smaller');
    }
    if (this.#thread && this.#thread.megabytes !== megabytes) {
      await this.#thread.terminate();
      this.#thread = undefined;
    }
    const thread = (this.#thread ??= new Thread(megabytes));
    const result = await thread.run(job);
    if (result.ended !== 'done') {
      await thread.terminate();
      if (this.#thread === thread) this.#thread = undefined;
    }
    return result;
  }
}

/** A plan that nobody knows yet gets what its base would need, and some more. */
function megabytesFor({ base }: RenderJob): number {
  const files = base?.files.size ?? 0;
  // In steps, so that the thread can be kept from job to job.
  return LEAST_MEGABYTES + Math.ceil((files * PER_FILE) / 1024 / 64) * 64;
}

/** Bytes of a plan's files, what is the same in several counted once. */
function sizeOf({ files }: PlanSource): number {
  let size = 0;
  for (const { content } of new Map([...files.values()].map((file) => [file.hash, file])).values())
    size += content.length;
  return size;
}

function failed(ended: JobResult['ended'], message: string, hint?: string): JobResult {
  return {
    ended,
    problems: [{ message, ...(hint ? { hint } : {}) }],
    sites: [],
    contents: new Map(),
    contentsCut: false,
    differences: [],
    total: 0,
    removals: [],
  };
}

/** One worker thread and the job that it does. */
class Thread {
  readonly megabytes: number;
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<void>();
  #finish: ((result: JobResult) => void) | undefined;
  #names: readonly string[] = [];
  #progress = new Int32Array(new SharedArrayBuffer(8));
  #timeout = TIMEOUT;

  constructor(megabytes: number) {
    this.megabytes = megabytes;
    // The sources run as they are, and built: the entry has the ending that this module has.
    const entry = new URL(`./entry${import.meta.url.slice(-3)}`, import.meta.url);
    const cache = getCompileCacheDir();
    this.#worker = new Worker(entry, {
      // What is compiled is kept, where the process keeps such things: a thread starts in a third of the time.
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
      argv: [],
      execArgv: [],
      name: 'untrusted-renderer',
      resourceLimits: {
        maxOldGenerationSizeMb: megabytes,
        maxYoungGenerationSizeMb: 24,
        stackSizeMb: STACK_MEGABYTES,
      },
    });
    // An idle thread keeps no process alive.
    this.#worker.unref();
    this.#worker.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#onError(error));
    this.#worker.on('exit', () => this.end('crashed'));
  }

  async run(job: RenderJob): Promise<JobResult> {
    const packer = new Packer();
    const plan = packer.add(job.plan);
    const base = job.base && packer.add(job.base);
    const contents = packer.contents();
    const progress = new SharedArrayBuffer(8);
    this.#progress = new Int32Array(progress);
    this.#names = [];
    this.#timeout = job.timeout ?? TIMEOUT;
    const { promise, resolve } = Promise.withResolvers<JobResult>();
    this.#finish = resolve;
    // Starting the thread is not the job's fault; should it fail to start, that ends by itself.
    let timer: NodeJS.Timeout | undefined;
    const limit = async (): Promise<void> => {
      await this.#ready.promise;
      if (this.#finish === resolve) timer = setTimeout(() => this.end('timeout'), this.#timeout);
    };
    void limit();
    const onAbort = (): void => this.end('aborted');
    job.signal?.addEventListener('abort', onAbort, { once: true });
    this.#worker.ref();
    const { sites, tell = 'contents', gathered = new Map() } = job;
    const message: WorkerJob = {
      plan,
      base,
      contents,
      gathered,
      sites,
      tell,
      progress,
      megabytes: this.megabytes,
    };
    this.#worker.postMessage(message, [contents]);
    try {
      return await promise;
    } finally {
      this.#finish = undefined;
      this.#worker.unref();
      clearTimeout(timer);
      job.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the job under way, if there is one, with the word that belongs to the reason. */
  end(reason: Exclude<JobResult['ended'], 'done'>): void {
    const { doing } = this;
    const texts = {
      timeout: `${doing} took longer than ${this.#timeout / 1000} s and was ended`,
      memory: `${doing} took more than ${this.megabytes} MB of memory and was ended`,
      aborted: 'the job was aborted',
      crashed: `the thread ended while ${doing}`,
    };
    const hint =
      reason === 'timeout'
        ? 'a pattern in a schema, or the size of what is rendered, is the likely cause'
        : undefined;
    this.#finish?.(failed(reason, texts[reason], hint));
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /** What the thread is at, as a subject. */
  get doing(): string {
    const stage = Atomics.load(this.#progress, 0);
    if (stage === STAGE.readingBase) return 'reading the plan that this one is compared with';
    const site = this.#names[Atomics.load(this.#progress, 1)];
    return stage === STAGE.reading || site === undefined
      ? 'reading and validating the plan'
      : `rendering the site ${site}`;
  }

  #receive(message: WorkerMessage): void {
    if ('ready' in message) {
      this.#ready.resolve();
      return;
    }
    if ('names' in message) {
      this.#names = message.names;
      return;
    }
    const { tooLarge, contents, ...result } = message.result;
    if (tooLarge) {
      this.end('memory');
      return;
    }
    const buffers = contents
      .entries()
      .map(([hash, bytes]) => [hash, Buffer.from(bytes.buffer)] as const);
    this.#finish?.({ ended: 'done', ...result, contents: new Map(buffers) });
  }

  #onError(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    this.end(code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'crashed');
  }
}
