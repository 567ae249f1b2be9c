import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

import type { z } from 'zod';

import {
  BUNDLE_MEDIA_TYPE,
  CentreState,
  EnrollAnswer,
  type EnrollRequest,
  ReturnAnswer,
  SignersAnswer,
} from '../model/agent-wire.ts';
import { errorCode, messageOf, UserError } from '../model/errors.ts';

/** How long the centre may be silent (ms). */
const SILENCE = 30_000;
/** How an answer ends that is cut off, while it is read and before. */
const CUT_OFF = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE']);
const MAX_ANSWER = 4 * 1024 * 1024;

export interface CentreClientOptions {
  /** Where the centre is: `https://trueup.example.com`. */
  server: string;
  token?: string | undefined;
  /** File with certificates of authorities, in the place of the system's. */
  ca?: string | undefined;
}

/** The centre could not be reached, or asks to be left alone for a while; the next try may do better. */
export class CentreUnavailable extends UserError {
  override name = 'CentreUnavailable';
  /** Milliseconds; undefined: it did not say. */
  readonly retryAfter: number | undefined;

  constructor(message: string, retryAfter?: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

interface Asked {
  method: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  /** What is sent: JSON, or a file. */
  json?: unknown;
  file?: { path: string; bytes: number };
  /** How long the answer may be waited for (ms). */
  silence?: number;
  signal?: AbortSignal | undefined;
}

/** Speaks to the centre over HTTP(S). */
export class CentreClient {
  readonly #options: CentreClientOptions;

  constructor(options: CentreClientOptions) {
    this.#options = options;
  }

  /** Turns a one-time code into the site's token. */
  async enroll(request: EnrollRequest): Promise<EnrollAnswer> {
    return this.#json({ method: 'POST', path: '/enroll', json: request }, EnrollAnswer);
  }

  /** What the centre has; the question stays open for `wait` ms as long as it has what `desired` says. */
  async nudge(
    site: string,
    of: { desired: string | null; wait: number; now: number; owed: number; signal?: AbortSignal },
  ): Promise<CentreState> {
    const query = new URLSearchParams({
      ...(of.desired === null ? {} : { desired: of.desired }),
      wait: String(Math.floor(of.wait / 1000)),
      now: String(of.now),
      owed: String(of.owed),
    });
    const path = `/sites/${site}/nudge?${query.toString()}`;
    const silence = of.wait + SILENCE;
    return this.#json({ method: 'GET', path, silence, signal: of.signal }, CentreState);
  }

  async signers(site: string): Promise<SignersAnswer> {
    return this.#json({ method: 'GET', path: `/sites/${site}/signers` }, SignersAnswer);
  }

  /**
   * Fetches what is desired into a file; what an interrupted transfer left of the same bundle is completed.
   * @returns false where the site has it all
   */
  async fetchBundle(
    site: string,
    have: readonly string[],
    file: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const part = `${file}.part`;
    const [began, tag] = await this.#began(part);
    const query = have.length === 0 ? '' : `?have=${have.join(',')}`;
    const response = await this.#send({
      method: 'GET',
      path: `/sites/${site}/bundle${query}`,
      headers: tag === undefined ? {} : { range: `bytes=${began}-`, 'if-range': tag },
      signal,
    });
    const { statusCode: status = 0, headers } = response;
    if (status === 204 || status === 304) {
      response.resume();
      return false;
    }
    // All of it was there; only the rename is missing.
    const whole = status === 416 && headers['content-range'] === `bytes */${began}`;
    if (whole) response.resume();
    else {
      const resumed = status === 206 && headers['content-range']?.startsWith(`bytes ${began}-`);
      if (status === 416 || (status === 206 && !resumed)) {
        response.destroy();
        await forget(part);
        throw new CentreUnavailable('the centre has another bundle than was begun: begins anew');
      }
      if (status !== 200 && status !== 206) throw await refusal(status, response);
      if (!resumed) {
        // Whenever this is cut off: no part of one bundle may stand under the name of another.
        await forget(part);
        if (headers.etag) await writeFile(`${part}.etag`, headers.etag);
      }
      await receive(response, part);
    }
    await rename(part, file);
    await rm(`${part}.etag`, { force: true });
    return true;
  }

  /** Sends a return bundle. */
  async sendBundle(site: string, path: string, signal?: AbortSignal): Promise<ReturnAnswer> {
    const { size: bytes } = await stat(path);
    return this.#json(
      { method: 'POST', path: `/sites/${site}/bundle`, file: { path, bytes }, signal },
      ReturnAnswer,
    );
  }

  async #began(part: string): Promise<[number, string | undefined]> {
    try {
      const { size } = await stat(part);
      const tag = (await readFile(`${part}.etag`, 'utf8')).trim();
      return size > 0 && tag !== '' ? [size, tag] : [0, undefined];
    } catch {
      return [0, undefined];
    }
  }

  async #json<T>(asked: Asked, schema: z.ZodType<T>): Promise<T> {
    const response = await this.#send(asked);
    const { statusCode: status = 0 } = response;
    if (status !== 200) throw await refusal(status, response);
    const parsed = schema.safeParse(JSON.parse(await boundedText(response)));
    if (parsed.success) return parsed.data;
    throw new CentreUnavailable(
      'the centre gave an answer of another kind: is it of this version?',
    );
  }

  async #send(asked: Asked): Promise<IncomingMessage> {
    const { server, token, ca } = this.#options;
    const url = new URL(`${server.replace(/\/+$/, '')}/api/v1${asked.path}`);
    const body = asked.json === undefined ? undefined : JSON.stringify(asked.json);
    const headers: Record<string, string | number> = {
      ...asked.headers,
      'user-agent': 'trueup-agent',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...(asked.file && { 'content-type': BUNDLE_MEDIA_TYPE, 'content-length': asked.file.bytes }),
    };
    const authorities = ca === undefined ? undefined : await readFile(ca);
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        const send = url.protocol === 'https:' ? secureRequest : plainRequest;
        const outgoing = send(
          url,
          {
            method: asked.method,
            headers,
            timeout: asked.silence ?? SILENCE,
            ...(asked.signal && { signal: asked.signal }),
            ...(authorities && { ca: authorities }),
          },
          resolve,
        );
        outgoing.on('error', reject);
        outgoing.on('timeout', () => outgoing.destroy(new Error('it did not answer in time')));
        if (asked.file) {
          const reading = createReadStream(asked.file.path);
          reading.on('error', (error) => outgoing.destroy(error));
          reading.pipe(outgoing);
        } else outgoing.end(body);
      });
    } catch (error) {
      const why = errorCode(error) ?? messageOf(error);
      throw new CentreUnavailable(`the centre at ${url.origin} cannot be reached (${why})`);
    }
  }
}

/** Removes what a transfer left; the part first, which means nothing without its name. */
async function forget(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.etag`, { force: true });
}

/** Puts what comes behind what is there. Throws CentreUnavailable where it is cut off. */
async function receive(response: IncomingMessage, part: string): Promise<void> {
  try {
    await pipeline(response, createWriteStream(part, { flags: 'a' }));
  } catch (error) {
    if (!CUT_OFF.has(errorCode(error) ?? '')) throw error;
    throw new CentreUnavailable('the centre was cut off in the middle of a bundle');
  }
}

async function boundedText(response: IncomingMessage): Promise<string> {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER) response.destroy(new Error('the answer is too long'));
  });
  return text(response);
}

async function refusal(status: number, response: IncomingMessage): Promise<Error> {
  const told = await boundedText(response).catch(() => '');
  let detail = '';
  try {
    const problem: unknown = JSON.parse(told);
    if (typeof problem === 'object' && problem !== null && 'detail' in problem)
      detail = String(problem.detail);
  } catch {
    // Something in between answered, in its own words.
  }
  const message = `the centre refused (${status})${detail === '' ? '' : `: ${detail}`}`;
  const seconds = Number(response.headers['retry-after']);
  if (status === 429 || status >= 500)
    return new CentreUnavailable(message, seconds > 0 ? seconds * 1000 : undefined);
  return new UserError(message);
}
