import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';

/** A Python that has PyYAML: the system's, else that of the Ansible which the scripts install. */
export function findPyYaml(): string | undefined {
  const installed = 'node_modules/.cache/trueup/ansible';
  const candidates = [
    'python3',
    '/usr/bin/python3',
    `${installed}/bin/python3`,
    `${installed}/bin/python`,
  ];
  return candidates.find((python) => {
    if (python.includes('/') && !existsSync(python)) return false;
    try {
      execFileSync(python, ['-c', 'import yaml'], { stdio: 'ignore', timeout: 20_000 });
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Reads documents from stdin (one JSON string a line) and answers, a line each, with what each loader makes of it.
 * Types are spelled out; dates answer with the text they were written as, after PyYAML has accepted them.
 */
const SERVER = String.raw`
import json, sys, yaml

class Tagged:
    def __init__(self, tag, text): self.tag, self.text = tag, text

class Date(str): pass

def loader(base):
    class Loader(base): pass
    for tag in ('!vault', '!unsafe', '!unset'):
        Loader.add_constructor(tag, lambda l, node, tag=tag: Tagged(tag, l.construct_scalar(node)))
    def date(l, node):
        l.construct_yaml_timestamp(node)
        return Date(node.value)
    Loader.add_constructor('tag:yaml.org,2002:timestamp', date)
    return Loader

def show(value):
    if value is None: return ['null']
    if isinstance(value, bool): return ['bool', value]
    if isinstance(value, int): return ['int', str(value)]
    if isinstance(value, float): return ['float', repr(value)]
    if isinstance(value, Date): return ['date', value]
    if isinstance(value, str): return ['str', value]
    if isinstance(value, Tagged): return [value.tag, value.text]
    if isinstance(value, list): return ['list', [show(item) for item in value]]
    if isinstance(value, dict): return ['map', [[show(k), show(v)] for k, v in value.items()]]
    return ['other', repr(value)]

loaders = {'pure': loader(yaml.SafeLoader)}
if yaml.__with_libyaml__: loaders['c'] = loader(yaml.CSafeLoader)

for line in sys.stdin:
    text, answer = json.loads(line), {}
    for name, Loader in loaders.items():
        try: answer[name] = {'value': show(yaml.load(text, Loader))}
        except Exception as error: answer[name] = {'error': ' '.join(str(error).split())[:200]}
    print(json.dumps(answer), flush=True)
`;

export type PyYamlAnswer = { value: unknown; error?: never } | { error: string; value?: never };

/** One Python process that reads document after document. */
export class PyYaml {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor(python: string) {
    this.#process = spawn(python, ['-u', '-c', SERVER], {
      env: { ...process.env, PYTHONIOENCODING: 'utf-8' },
    });
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** What PyYAML's own scanner makes of a text, and what libyaml does (Ansible takes it where it is built in). */
  async read(text: string): Promise<{ pure: PyYamlAnswer; c?: PyYamlAnswer }> {
    this.#process.stdin.write(`${JSON.stringify(text)}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error('python ended');
    return JSON.parse(value);
  }

  close(): void {
    this.#lines.close();
    this.#process.stdin.end();
    this.#process.kill();
  }
}
