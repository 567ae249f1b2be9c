export interface SyntheticPlanOptions {
  sites: number;
  /** Layer files that apply to a site, one of them for all sites, the others by label. */
  layers: number;
  /** Templates of the one stack. */
  templates: number;
  /** Scalar parameters of a site, about; an eighth of them are overridden in each layer. */
  leaves: number;
  /** Files of the stack that are copied as they are. */
  copied?: number;
}

/** How many values the labels of a synthetic plan have: as many sites share a layer as there are sites by this. */
const LABEL_VALUES = 20;

/**
 * A plan of any size for tests and benchmarks: path → text. The same options give the same plan. Parameters are
 * maps of scalars and lists in groups of ten; templates loop, test and print them, and every fourth one prints what
 * is the site's own.
 */
export function syntheticPlan({
  sites,
  layers,
  templates,
  leaves,
  copied = 10,
}: SyntheticPlanOptions): Map<string, string> {
  const files = new Map<string, string>();
  const labels = Array.from({ length: Math.max(0, layers - 1) }, (_, i) => `label${i}`);
  const groups = Math.max(1, Math.round(leaves / 10));

  const patterns = [
    'layers/common.yaml',
    ...labels.map((label) => `layers/${label}/{${label}}.yaml`),
  ];
  files.set(
    'plan.yaml',
    ['apiVersion: trueup/v1', 'kind: Plan', 'name: synthetic', 'layers:']
      .concat(
        patterns.map((pattern) => `  - ${pattern}`),
        '',
      )
      .join('\n'),
  );
  files.set('layers/common.yaml', Array.from({ length: groups }, (_, i) => group(i, 0)).join(''));
  for (const [index, label] of labels.entries()) {
    for (let value = 0; value < LABEL_VALUES; value += 1) {
      const overridden = Array.from(
        { length: Math.ceil(groups / 8) },
        (_, i) => (i * 8 + index) % groups,
      );
      const text = overridden.map(
        (i) => `group${i}:\n  number: ${value + index}\n  name: ${label}-${value}\n`,
      );
      files.set(`layers/${label}/v${value}.yaml`, text.join(''));
    }
  }
  for (let site = 0; site < sites; site += 1) files.set(...siteFile(site, labels));
  addStack(files, templates, copied, groups);
  return files;
}

function group(index: number, salt: number): string {
  return `group${index}:
  name: service-${index}
  number: ${index + salt}
  ratio: ${index}.5
  enabled: ${index % 2 === 0 ? 'yes' : 'no'}
  mode: 0644
  servers:
    - 10.0.${index % 256}.1
    - 10.0.${index % 256}.2
    - "ntp${index}.example.org"
  limits:
    soft: ${1000 + index}
    hard: ${2000 + index}
`;
}

function siteFile(index: number, labels: readonly string[]): [string, string] {
  const name = `site-${String(index).padStart(5, '0')}`;
  const [high, low] = [index >> 8, index & 255];
  const own = labels.map((label, i) => `${label}: v${(index + i) % LABEL_VALUES}`).join(', ');
  return [
    `sites/${name}.yaml`,
    `apiVersion: trueup/v1
kind: Site
labels: { ${own} }
stacks: [edge]
hosts:
  node-0: { ansible_host: 10.${high}.${low}.1 }
  node-1: { ansible_host: 10.${high}.${low}.2 }
groups: { edge: [node-0, node-1] }
params:
  address: 10.${high}.${low}.10
  title: "Site ${index}"
hostParams:
  node-1: { standby: true }
`,
  ];
}

function addStack(
  files: Map<string, string>,
  templates: number,
  copied: number,
  groups: number,
): void {
  files.set('stacks/edge/stack.yaml', 'playbooks: [playbooks/site.yml]\n');
  files.set('stacks/edge/playbooks/site.yml', '- hosts: edge\n  tasks: []\n');
  for (let i = 0; i < copied; i += 1) {
    files.set(
      `stacks/edge/roles/role${i}/tasks/main.yml`,
      `- ansible.builtin.debug: { msg: "role ${i}" }\n`,
    );
  }
  for (let i = 0; i < templates; i += 1) {
    const first = i % groups;
    const second = (i + 1) % groups;
    const own = i % 4 === 0 ? 'address = {{ address }}\nsite = {{ site.name }}\n' : '';
    files.set(
      `stacks/edge/templates/service${i}.conf.j2`,
      `# service ${i}
name = {{ group${first}.name }}
${own}{% for server in group${first}.servers %}
server {{ server }} iburst
{% endfor %}
{% if group${second}.enabled %}
limit = {{ group${second}.limits.hard }}
{% else %}
limit = unlimited
{% endif %}
ratio = {{ group${second}.ratio }}
`,
    );
  }
}
