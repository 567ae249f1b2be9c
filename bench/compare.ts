import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureAnsible } from '../scripts/ensure-ansible.ts';
import { siteParams } from '../src/plan/layers.ts';
import type { Plan } from '../src/plan/plan.ts';
import type { Value } from '../src/plan/yaml/node.ts';
import { Float } from '../src/plan/yaml/node.ts';
import { toValue } from '../src/plan/yaml/value.ts';
import { loadPlanAndTemplates } from '../src/render/open.ts';
import { renderSite } from '../src/render/render.ts';
import { planFiles } from '../test/support/plan-files.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';
import { writeFolder } from '../test/support/write-folder.ts';

// Beside each other, in one run on one machine: what rendering a site costs here, in Ansible's own templating of the
// same eight templates, and in `kubectl kustomize` of an overlay that gives as many files.
// Usage: npm run bench:compare -- [SITES]

const TEMPLATES = 8;
/** Sites that the others render: theirs is measured on these and told for one. */
const FEW = 20;
const sites = Number(process.argv[2] ?? 2000);
const source = syntheticPlan({ sites, layers: 6, templates: TEMPLATES, leaves: 200 });

const here = ours();
report('trueup: reading, validating, 25 files', here.perSite, here.perSite);
await ansible(here.plan, here.perSite);
kustomize(here.perSite);

function ours(): { plan: Plan; perSite: number } {
  const files = planFiles(source);
  const start = process.cpuUsage();
  const { plan } = loadPlanAndTemplates(files);
  for (const site of plan!.sites.keys()) renderSite(plan!, site);
  const { user, system } = process.cpuUsage(start);
  return { plan: plan!, perSite: (user + system) / 1000 / sites };
}

/** In Ansible's own process, with the layers merged already: no play, no task, no connection. */
async function ansible(plan: Plan, perSite: number): Promise<void> {
  const playbook = await ensureAnsible();
  const [, python = 'python3'] = /^#!(\S+)/.exec(readFileSync(playbook, 'utf8')) ?? [];
  const names = [...plan.sites.keys()].slice(0, FEW);
  const request = {
    sites: names.map((name) => ({
      ...Object.fromEntries(
        [...siteParams(plan, name).entries].map(([key, { value }]) => [key, plain(toValue(value))]),
      ),
      site: { name },
    })),
    templates: Array.from({ length: TEMPLATES }, (_, i) =>
      source.get(`stacks/edge/templates/service${i}.conf.j2`)!,
    ),
  };
  const script = join(import.meta.dirname, 'ansible_templates.py');
  const input = JSON.stringify(request);
  const answer: { texts: string[][]; seconds: number; version: string } = JSON.parse(
    execFileSync(python, [script], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }),
  );
  report(
    `Ansible ${answer.version}: ${TEMPLATES} templates only`,
    (answer.seconds * 1000) / FEW,
    perSite,
  );
  const alike = names.flatMap((name, at) =>
    answer.texts[at]!.map((text, i) => {
      const file = renderSite(plan, name).tree.get(`edge/files/service${i}.conf`)!;
      return file.content.toString() === text;
    }),
  );
  const same = alike.filter(Boolean).length;
  console.log(`  the same bytes as here in ${same} of ${alike.length} files`);
}

/** One process an overlay, as it is used: a base of ten files, and what is a site's own by generators and a patch. */
function kustomize(perSite: number): void {
  const root = mkdtempSync(join(tmpdir(), 'trueup-bench-'));
  try {
    writeFolder(root, overlays());
    const run = (at: number): void => {
      execFileSync('kubectl', ['kustomize', join(root, `site-${at}`)], { stdio: 'ignore' });
    };
    run(0);
    const before = childrenSeconds();
    for (let at = 0; at < FEW; at += 1) run(at);
    const spent = ((childrenSeconds() - before) * 1000) / FEW;
    report('kubectl kustomize: one overlay', spent, perSite);
  } catch (error) {
    console.log(`kubectl kustomize: not measured, it does not run here (${String(error)})`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function overlays(): Map<string, string> {
  const files = new Map<string, string>();
  const names = Array.from({ length: 18 }, (_, i) => `config-${i}`);
  const resources = names.map((name) => `  - ${name}.yaml\n`).join('');
  files.set('base/kustomization.yaml', `resources:\n${resources}`);
  for (const name of names) {
    const data = Array.from({ length: 11 }, (_, i) => `  key${i}: "${name} ${i}"\n`).join('');
    files.set(
      `base/${name}.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n${data}`,
    );
  }
  for (let at = 0; at < FEW; at += 1) {
    files.set(
      `site-${at}/kustomization.yaml`,
      `namePrefix: site-${at}-
resources:
  - ../base
configMapGenerator:
${Array.from({ length: 7 }, (_, i) => `  - name: own-${i}\n    literals: [address=10.0.${at}.${i}, title=Site ${at}]\n`).join('')}
patches:
  - patch: |-
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: config-0
      data:
        key0: site ${at}
`,
    );
  }
  return files;
}

/** Values as JSON has them. */
function plain(value: Value): unknown {
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  return value;
}

function report(what: string, milliseconds: number, perSite: number): void {
  const all = (milliseconds * 10_000) / 1000;
  console.log(
    `${what}: ${milliseconds.toFixed(2)} ms CPU a site, ${all.toFixed(all < 10 ? 1 : 0)} s for 10,000; ` +
      `${(milliseconds / perSite).toFixed(1)} times`,
  );
}

/** CPU seconds of processes that this one has waited for (proc(5): cutime, cstime). */
function childrenSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
