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
 * First says which scanners there are; then reads requests from stdin, one JSON object a line, and answers each
 * with what the scanners make of a text and, where asked, how PyYAML would write that, in several styles. Types are
 * spelled out; dates are the text they were written as, after PyYAML has accepted them.
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

class Dumper(yaml.SafeDumper): pass
Dumper.add_representer(Date, lambda d, value: d.represent_scalar('tag:yaml.org,2002:timestamp', value))
Dumper.add_representer(Tagged, lambda d, value: d.represent_scalar(value.tag, value.text))

STYLES = [{}, {'default_flow_style': True, 'width': 30}, {'default_style': '"', 'width': 20},
          {'default_style': '|', 'allow_unicode': True}, {'indent': 4, 'sort_keys': False}]

loaders = {'pure': loader(yaml.SafeLoader)}
if yaml.__with_libyaml__: loaders['c'] = loader(yaml.CSafeLoader)

print(json.dumps(list(loaders)), flush=True)
for line in sys.stdin:
    request, answer = json.loads(line), {}
    for name in request['scanners']:
        try:
            value = yaml.load(request['text'], loaders[name])
            answer[name] = {'value': show(value)}
            if request['dump']: answer[name]['dumps'] = [yaml.dump(value, Dumper=Dumper, **style) for style in STYLES]
        except Exception as error: answer[name] = {'error': ' '.join(str(error).split())[:200]}
    print(json.dumps(answer), flush=True)
`;

export interface PyYamlAnswer {
  value?: unknown;
  dumps?: string[];
  error?: string;
}

/** PyYAML's own scanner, and libyaml's, which Ansible takes where it is built in. */
export type Scanner = 'pure' | 'c';

/** One Python process that reads document after document. */
export class PyYaml {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  readonly #scanners: Promise<Scanner[]>;

  constructor(python: string) {
    const env = { ...process.env, PYTHONIOENCODING: 'utf-8' };
    this.#process = spawn(python, ['-u', '-c', SERVER], { env });
    this.#process.stderr.pipe(process.stderr);
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
    this.#scanners = this.#answer();
  }

  /** What the fastest scanner there is makes of a text; with `dump`, also how PyYAML writes that. */
  async read(text: string, options: { dump?: boolean } = {}): Promise<PyYamlAnswer> {
    const scanner = (await this.#scanners).at(-1)!;
    const answers = await this.#ask(text, [scanner], options.dump ?? false);
    return answers[scanner] ?? {};
  }

  /** What every scanner there is makes of a text. */
  async readAll(text: string): Promise<PyYamlAnswer[]> {
    const scanners = await this.#scanners;
    const answers = await this.#ask(text, scanners, false);
    return scanners.map((scanner) => answers[scanner] ?? {});
  }

  async #ask(
    text: string,
    scanners: Scanner[],
    dump: boolean,
  ): Promise<Partial<Record<Scanner, PyYamlAnswer>>> {
    this.#process.stdin.write(`${JSON.stringify({ text, scanners, dump })}\n`);
    return this.#answer();
  }

  // What Python answers is as our own program above writes it.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  async #answer<Answer>(): Promise<Answer> {
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
