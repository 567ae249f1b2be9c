import { Redactor, secretForms } from '../model/redact.ts';
import type { SiteTree, TreeFile } from '../model/tree.ts';
import { layerChain } from '../plan/layers.ts';
import type { Plan } from '../plan/plan.ts';
import { secretPaths, secretValuesIn } from '../plan/secrets.ts';
import type { YamlNode, YamlPath } from '../plan/yaml/node.ts';
import { nodeAt } from '../plan/yaml/value.ts';
import { readYaml } from './changed-params.ts';
import type { SourceChange } from './changes.ts';
import { isDataFile } from './data-files.ts';

/** Shorter values turn up everywhere by chance. */
const TELLING = 4;

const CHANGED = 'a secret was changed at the site: that is reported, never proposed';
const TOLD = 'it now holds the value of a secret: that is reported, never proposed';

/** Keeps secrets out of proposals: those of the plan, and those that somebody typed at a site (law 11). */
export class SecretGuard {
  readonly #plan: Plan;
  readonly #site: string;
  readonly #desired: SiteTree;
  readonly #observed: SiteTree;
  readonly #paths: readonly YamlPath[];
  readonly #redactor: Redactor;
  /** Every spelling of each secret. */
  readonly #forms: readonly ReadonlySet<string>[];

  constructor(plan: Plan, site: string, desired: SiteTree, observed: SiteTree) {
    this.#plan = plan;
    this.#site = site;
    this.#desired = desired;
    this.#observed = observed;
    this.#paths = secretPaths(plan, site);
    const values = new Set([
      ...secretValuesIn(plan, site, desired),
      ...secretValuesIn(plan, site, observed),
      ...layerSecrets(plan, site),
    ]);
    this.#redactor = new Redactor(values);
    this.#forms = [...values].filter((value) => value.length >= TELLING).map(secretForms);
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  /**
   * Why the edit of a path may not be proposed as it stands, or undefined if it may: to propose it would be to tell a
   * secret, or to put one into the plan.
   */
  refusal(path: string): string | undefined {
    const [was, is] = [this.#desired.get(path), this.#observed.get(path)];
    if (!is) return undefined;
    if (this.#tells(path)) return TOLD;
    if (isDataFile(path)) {
      const [before = [], after] = [was, is].map((file) => this.#secretsOf(path, file));
      if (!after && before.length > 0)
        return 'it is no YAML any more, so that nobody can tell whether a secret in it was changed';
      if (after && before.join('\n') !== after.join('\n')) return CHANGED;
    }
    const [before, after] = [was, is].map((file) => this.#toldBy(file?.content.toString() ?? ''));
    return after! > before! ? TOLD : undefined;
  }

  /** Why a change of the plan's data may not be proposed, or undefined if it may. */
  forbids(change: SourceChange): string | undefined {
    const told = nodesTold(change);
    const vaulted: string[] = [];
    for (const node of told) collectVaulted(node, vaulted);
    if (vaulted.length > 0 || this.#isSecret(change)) return CHANGED;
    const texts: string[] = [];
    for (const node of told) collectTexts(node, texts);
    return texts.some((text) => this.#tells(text)) ? TOLD : undefined;
  }

  #isSecret({ source, change: { kind, path } }: SourceChange): boolean {
    if (source !== 'params') return false;
    return this.#paths.some((secret) => {
      const common = Math.min(secret.length, path.length);
      // Of a list that items came to or went from, the items tell.
      if (kind === 'list' && path.length < secret.length) return false;
      return secret.slice(0, common).every((step, index) => step === path[index]);
    });
  }

  #tells(text: string): boolean {
    return this.#toldBy(text) > 0;
  }

  /** How often secrets stand in a text, in whatever spelling. */
  #toldBy(text: string): number {
    let told = 0;
    for (const forms of this.#forms) {
      for (const form of forms) told += text.split(form).length - 1;
    }
    return told;
  }

  /** The secrets in a file of data, in the clear or vaulted; undefined if it cannot be read. */
  #secretsOf(path: string, file: TreeFile | undefined): string[] | undefined {
    if (!file) return [];
    // Other line ends change no value; what they do change, Ansible reads as we do.
    const content = Buffer.from(file.content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
    const lf = { ...file, content };
    const root = readYaml(path, lf);
    if (!root) return undefined;
    const vaulted: string[] = [];
    collectVaulted(root, vaulted);
    return [...secretValuesIn(this.#plan, this.#site, new Map([[path, lf]])), ...vaulted];
  }
}

/** Secrets that stand in the clear in the layers of a site, also where another layer hides them. */
function layerSecrets(plan: Plan, site: string): string[] {
  const values: string[] = [];
  for (const { root } of layerChain(plan, site)) {
    for (const stack of plan.stacks.values()) {
      for (const path of stack.parameters?.findSecrets?.(root) ?? []) {
        collectTexts(nodeAt(root, path)!, values);
      }
    }
  }
  return values;
}

/** What a change brings or takes away. */
function nodesTold({ change }: SourceChange): YamlNode[] {
  if (change.kind === 'list') return change.steps.map(({ item }) => item);
  if (change.kind === 'delete') return [change.before];
  return change.before ? [change.before, change.after] : [change.after];
}

function collectVaulted(node: YamlNode, into: string[]): void {
  if (node.kind === 'map')
    for (const { value } of node.entries.values()) collectVaulted(value, into);
  else if (node.kind === 'sequence') for (const item of node.items) collectVaulted(item, into);
  else if (node.tag === '!vault') into.push(node.token.replaceAll(/\s+/g, ' '));
}

/** The scalars of a node as people would see them; nothing for what says nothing (`true`, null) or is encrypted. */
function collectTexts(node: YamlNode, into: string[]): void {
  if (node.kind === 'map') for (const { value } of node.entries.values()) collectTexts(value, into);
  else if (node.kind === 'sequence') for (const item of node.items) collectTexts(item, into);
  else if (node.tag !== '!vault' && node.value !== null && typeof node.value !== 'boolean')
    into.push(typeof node.value === 'string' ? node.value : node.token);
}
