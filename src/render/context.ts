import { exporterOf, stackExports } from '../plan/exports.ts';
import type { Plan, SiteDefinition, StackDefinition } from '../plan/plan.ts';
import { secretPaths } from '../plan/secrets.ts';
import type { MapNode, Value, YamlPath } from '../plan/yaml/node.ts';
import { toValue } from '../plan/yaml/value.ts';

/** What a template sees: values by name, and which of them, by path, may be tested but never printed. */
export interface TemplateNames {
  names: ReadonlyMap<string, Value>;
  secrets?: (path: YamlPath) => boolean;
}

/** What a stack imports at a site: from which stack, at which other site, and what is exported there. */
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
  #names: Map<string, Value> | undefined;

  /** @param params the site's merged parameters */
  constructor(plan: Plan, site: SiteDefinition, params: MapNode) {
    this.#plan = plan;
    this.#site = site;
    this.#secrets = secretPaths(plan, site.name);
    this.params = params;
    this.guarded = new Set(this.#secrets.map(([name]) => String(name)));
  }

  /** What the templates of one stack see: under `imports` only what this stack asks for. */
  namesFor(stack: StackDefinition): TemplateNames {
    const imports = this.importsOf(stack);
    const names = new Map(this.#ownNames());
    names.set('imports', new Map(imports.map((one) => [one.stack, toValue(one.exported)])));

    const imported = imports.flatMap(({ stack: name, from }) =>
      secretPaths(this.#plan, from).map((path) => ['imports', name, ...path]),
    );
    const secrets = new Set([...this.#secrets, ...imported].map((path) => JSON.stringify(path)));
    return secrets.size > 0
      ? { names, secrets: (path) => secrets.has(JSON.stringify(path)) }
      : { names };
  }

  #ownNames(): ReadonlyMap<string, Value> {
    if (!this.#names) {
      this.#names = new Map([['site', siteValue(this.#site)]]);
      for (const [name, { value }] of this.params.entries) this.#names.set(name, toValue(value));
    }
    return this.#names;
  }

  importsOf(stack: StackDefinition): Import[] {
    return stack.imports.flatMap((name) => {
      const from = exporterOf(this.#plan, this.#site.name, name);
      return from === undefined
        ? []
        : [{ stack: name, from, exported: stackExports(this.#plan, from, name) }];
    });
  }
}

/** `site` in templates: labels, hosts and groups as the site's file has them. */
function siteValue(site: SiteDefinition): Value {
  return new Map<string, Value>([
    ['name', site.name],
    ['labels', new Map(Object.entries(site.labels))],
    ['hosts', new Map([...site.hosts].map(([host, variables]) => [host, toValue(variables)]))],
    ['groups', new Map([...site.groups].map(([group, hosts]) => [group, [...hosts]]))],
  ]);
}
