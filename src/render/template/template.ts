import type { YamlPath } from '../../plan/yaml/node.ts';
import { compile, type Program } from './compile.ts';
import { type Names, PlanContext } from './context.ts';
import { Fault, located } from './errors.ts';
import { Fuel } from './fuel.ts';
import { parse } from './parser.ts';
import { type Load, Run } from './run.ts';
import { Recorder, type Trace } from './trace.ts';

export interface RenderOptions {
  /** How much the rendering may do; about one unit a step and a character. */
  fuel?: number;
  /** Gives the templates that this one includes, by name. */
  load?: Load;
  /** Whether the value at a path of the context is a secret; vaulted values are in any case. */
  secrets?: (path: YamlPath) => boolean;
}

/**
 * A template of a strict, bounded subset of Jinja2 as Ansible sets it: blocks trimmed, the last newline kept, what is
 * undefined is an error. What it renders, Jinja2 renders byte for byte.
 */
export class Template {
  readonly file: string;
  readonly source: string;
  readonly program: Program;

  /** Use `compileTemplate`. */
  constructor(file: string, source: string, program: Program) {
    this.file = file;
    this.source = source;
    this.program = program;
  }

  /** The top-level names that it may read, those of included templates not counted. */
  get reads(): ReadonlySet<string> {
    return this.program.reads;
  }

  /** The names of the templates that it may include; undefined where they are not fixed. */
  get includes(): ReadonlySet<string> | undefined {
    return this.program.includes;
  }

  /**
   * Renders it with the values of `context`, which may not be changed afterwards. Throws InvalidInput with the
   * place in the template.
   */
  render(context: Names, options: RenderOptions = {}): string {
    return this.run(context, options).text;
  }

  /** Renders it and says how each piece came about. The text is always what `render` gives. */
  trace(context: Names, options: RenderOptions = {}): Trace {
    const recorder = new Recorder();
    const { text } = this.run(context, options, recorder);
    return { text, pieces: recorder.pieces };
  }

  private run(context: Names, options: RenderOptions, recorder?: Recorder): Run {
    const run = new Run(this, new PlanContext(context, options.secrets), {
      fuel: new Fuel(options.fuel),
      load: options.load,
      ...(recorder && { recorder }),
    });
    try {
      const { symbols, body } = this.program;
      body(run, run.enter(symbols, undefined));
    } catch (error) {
      const { file, source } = run.template;
      throw located(error, { file, source, offset: run.at }, context.keys());
    }
    return run;
  }
}

/** The longest template, in UTF-16 code units. */
const MAX_LENGTH = 2_097_152;

/** Reads a template; throws InvalidInput with the place of what it does not allow. */
export function compileTemplate(file: string, source: string): Template {
  try {
    if (source.length > MAX_LENGTH) throw new Fault(`the template is longer than ${MAX_LENGTH}`);
    const statements = parse(source);
    return new Template(file, source, compile(file, source, statements));
  } catch (error) {
    throw located(error, { file, source, offset: 0 });
  }
}
