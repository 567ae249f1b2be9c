import { InvalidInput } from '../model/errors.ts';
import { exporterOf } from '../plan/exports.ts';
import { siteOf, siteParams } from '../plan/layers.ts';
import type { Plan, SiteDefinition, StackDefinition } from '../plan/plan.ts';
import { secretPaths } from '../plan/secrets.ts';
import type { MapNode, Value, YamlPath } from '../plan/yaml/node.ts';
import { decodeUtf8 } from '../plan/yaml/parse.ts';
import { freshValue, toValue } from '../plan/yaml/value.ts';
import { importedFrom } from './imported.ts';
import type { Names } from './template/context.ts';
import { renderTemplate } from './templates.ts';

/** Bytes of a file that is exported: a certificate or a settings file, no archive. */
const MAX_FILE = 256 * 1024;

/** What a template sees: values by name, and which of them, by path, may be tested but never printed. */
export interface TemplateNames {
  names: Names;
  secrets?: (path: YamlPath) => boolean;
}

/** What a stack imports at a site: from which stack, at which other site, and what of it. */
export interface Import {
  stack: string;
  from: string;
  exported: MapNode;
}

/** What the templates of a site see: its parameters, `site`, and `imports`. */
export class SiteContext {
  readonly params: MapNode;
  /** Names of parameters with a secret in them: what a template may do with those depends on the site's stacks. */
  readonly guarded: ReadonlySet<string>;
  readonly #plan: Plan;
  readonly #site: SiteDefinition;
  readonly #secrets: readonly YamlPath[];
  readonly #byStack = new Map<StackDefinition, TemplateNames>();
  readonly #ofSite: { value?: Value };

  /**
   * @param params the site's merged parameters
   * @param like of the same site in another plan: what follows from its definition is shared
   */
  constructor(plan: Plan, site: SiteDefinition, params: MapNode, like?: SiteContext) {
    this.#plan = plan;
    this.#site = site;
    this.#secrets = secretPaths(plan, site.name);
    this.params = params;
    this.#ofSite = like && like.#site === site ? like.#ofSite : {};
    this.guarded = new Set(this.#secrets.map(([name]) => String(name)));
  }

  /** What the templates of one stack see: under `imports` only what this stack asks for. */
  namesFor(stack: StackDefinition): TemplateNames {
    let found = this.#byStack.get(stack);
    if (!found) this.#byStack.set(stack, (found = this.#namesFor(stack)));
    return found;
  }

  #namesFor(stack: StackDefinition): TemplateNames {
    const imports = this.importsOf(stack);
    const names = new SiteNames(this.params, {
      site: () => (this.#ofSite.value ??= siteValue(this.#site)),
      imports: new Map(imports.map((one) => [one.stack, toValue(one.exported)])),
    });
    const imported = imports.flatMap(({ stack: name, from }) =>
      secretPaths(this.#plan, from).map((path) => ['imports', name, ...path]),
    );
    const secrets = new Set([...this.#secrets, ...imported].map((path) => JSON.stringify(path)));
    return secrets.size > 0
      ? { names, secrets: (path) => secrets.has(JSON.stringify(path)) }
      : { names };
  }

  #imported(from: string, by: StackDefinition, exporter: string): MapNode {
    return importedFrom(this.#plan, from, by, exporter, (site, stack, target) =>
      fileText(this.#plan, site, stack, target),
    );
  }

  importsOf(stack: StackDefinition): Import[] {
    return stack.imports.flatMap((name) => {
      const from = exporterOf(this.#plan, this.#site.name, name);
      return from === undefined
        ? []
        : [{ stack: name, from, exported: this.#imported(from, stack, name) }];
    });
  }
}

/** The text of a file of another site's tree, rendered alone; undefined where that site goes without it. */
function fileText(plan: Plan, site: string, stackName: string, target: string): string | undefined {
  const overlay = plan.overlays.get(site);
  if (overlay?.absent.includes(target)) return undefined;
  const stack = plan.stacks.get(stackName)!;
  const file = stack.files.find((one) => one.target === target)!;
  const own = overlay?.files.get(target);
  const definition = siteOf(plan, site);
  const { content } =
    own !== undefined || !file.template
      ? plan.files.get(own ?? file.source)!
      : renderTemplate(
          plan,
          stack,
          file,
          definition,
          new SiteContext(plan, definition, siteParams(plan, site)),
        );
  const refuse = (message: string): InvalidInput =>
    new InvalidInput([{ message, position: { file: own ?? file.source, line: 1, column: 1 } }]);
  if (content.length > MAX_FILE)
    throw refuse(`the file that ${site}/${stackName} exports is larger than ${MAX_FILE} bytes`);
  const { text, problem } = decodeUtf8(own ?? file.source, content);
  if (problem) throw new InvalidInput([problem]);
  return text;
}

/** Values by name, made when they are asked for: a template reads few of a site's parameters. */
class SiteNames implements Names {
  readonly #params: MapNode;
  readonly #given: { site: () => Value; imports: Value };

  constructor(params: MapNode, given: { site: () => Value; imports: Value }) {
    this.#params = params;
    this.#given = given;
  }

  get(name: string): Value | undefined {
    if (name === 'site') return this.#given.site();
    if (name === 'imports') return this.#given.imports;
    const entry = this.#params.entries.get(name);
    return entry && toValue(entry.value);
  }

  isOwn(name: string): boolean {
    return name === 'site';
  }

  *keys(): Generator<string> {
    yield* Object.keys(this.#given);
    yield* this.#params.entries.keys();
  }
}

/** `site` in templates: labels, hosts and groups as the site's file has them. */
function siteValue(site: SiteDefinition): Value {
  return new Map<string, Value>([
    ['name', site.name],
    ['labels', new Map(Object.entries(site.labels))],
    ['hosts', new Map([...site.hosts].map(([host, variables]) => [host, freshValue(variables)]))],
    ['groups', new Map([...site.groups].map(([group, hosts]) => [group, [...hosts]]))],
  ]);
}
