import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { Float, type Value } from '../../src/plan/yaml/node.ts';

/** A Python with Jinja2 and Ansible; the reason where there is none. */
export function findJinja():
  | { python: string; reason?: never }
  | { python?: never; reason: string } {
  const installed = 'node_modules/.cache/trueup/ansible/bin';
  const candidates = [
    process.env['TRUEUP_JINJA_PYTHON'],
    `${installed}/python3`,
    `${installed}/python`,
    'python3',
    '/usr/bin/python3',
  ];
  for (const python of candidates) {
    if (!python || (python.includes('/') && !existsSync(python))) continue;
    try {
      const imports = 'import jinja2, ansible.plugins.filter.core';
      execFileSync(python, ['-c', imports], { stdio: 'ignore', timeout: 20_000 });
      return { python };
    } catch {
      // Not this one.
    }
  }
  return { reason: 'no Python with jinja2 and ansible-core: run scripts/ensure-ansible.ts' };
}

export interface JinjaRequest {
  template: string;
  context: ReadonlyMap<string, Value>;
  /** Templates to include, by name. */
  others?: Record<string, string>;
}

export type JinjaAnswer = { text: string; error?: never } | { text?: never; error: string };

/** One Python process that renders template after template with the real Jinja2. */
export class Jinja {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: ((line: string) => void)[] = [];
  #ended: Error | undefined;

  constructor(python: string) {
    this.#process = spawn(python, ['-u', 'test/support/jinja_server.py'], {
      env: { ...process.env, PYTHONIOENCODING: 'utf-8', PYTHONHASHSEED: '0' },
    });
    this.#process.stderr.pipe(process.stderr);
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#waiting.shift()?.(line),
    );
    this.#process.on('exit', (code) => {
      this.#ended = new Error(`python ended with ${code}`);
      for (const resolve of this.#waiting.splice(0)) resolve('');
    });
  }

  /** The versions that it is, as it says first of all. */
  async versions(): Promise<{ python: string; jinja2: string; ansible: string }> {
    return JSON.parse(await this.#line());
  }

  /** Renders one template. May be asked again before it has answered. */
  async render(request: JinjaRequest): Promise<JinjaAnswer> {
    const line = this.#line();
    const context = encodeContext(request.context);
    this.#process.stdin.write(`${JSON.stringify({ ...request, context })}
`);
    return JSON.parse(await line);
  }

  async #line(): Promise<string> {
    if (this.#ended) throw this.#ended;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#waiting.push(resolve);
    const line = await promise;
    if (line === '') throw this.#ended ?? new Error('python said nothing');
    return line;
  }

  close(): void {
    this.#process.stdin.end();
    this.#process.kill();
  }
}

function showFloat(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** A context as the server reads it, and as JSON can show it. */
export function encodeContext(context: ReadonlyMap<string, Value>): Record<string, unknown> {
  return Object.fromEntries([...context].map(([name, value]) => [name, encode(value)]));
}

/** A value as the server reads it. */
function encode(value: Value): unknown {
  if (value instanceof Float) return { $float: showFloat(value.value) };
  if (typeof value === 'bigint') return { $int: String(value) };
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof Map) return { $map: [...value].map(([key, item]) => [key, encode(item)]) };
  return value;
}
