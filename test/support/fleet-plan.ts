/** How many sites each region of a fleet has, by its name. */
export type Regions = Readonly<Record<string, number>>;

/** Name of the n-th site of a region, from 1. */
export function siteName(region: string, index: number): string {
  return `${region}-${String(index).padStart(2, '0')}`;
}

/** Names of the sites of a region from one to another, the last among them. */
export function siteNames(region: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => siteName(region, first + i));
}

/**
 * A plan of many small sites by region: a common layer, one for each region, and texts that say the site's name.
 * @param more files in the place of those, or beside them
 */
export function fleetPlan(
  regions: Regions,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const files: Record<string, string> = {
    'plan.yaml': `apiVersion: trueup/v1
kind: Plan
name: fleet
layers:
  - layers/common.yaml
  - layers/region/{region}.yaml
merge:
  packages: unique
`,
    'layers/common.yaml': `# What every site has.
clock: 192.0.2.1   # the old one
motd: Welcome
vlan: 12
packages: [chrony]
dns:
  servers:
    - 192.0.2.53
    - 192.0.2.54
  search: example.org
token: s3cret-token
`,
    'stacks/base/stack.yaml': 'playbooks: [playbooks/site.yml]\n',
    'stacks/base/schema.json': '{"properties":{"token":{"type":"string","x-secret":true}}}',
    'stacks/base/playbooks/site.yml': '- hosts: all\n  tasks: []\n',
    'stacks/base/templates/ntp.conf.j2': `# The clock of {{ site.name }}
server {{ clock }} iburst # for {{ site.name }}
`,
    'stacks/base/templates/motd.j2': '{{ motd }}\n',
  };
  let number = 0;
  for (const [region, count] of Object.entries(regions)) {
    files[`layers/region/${region}.yaml`] = `timeout: ${region.length}\n`;
    for (const name of siteNames(region, 1, count)) {
      number += 1;
      files[`sites/${name}.yaml`] = `apiVersion: trueup/v1
kind: Site
labels: { region: ${region} }
stacks: [base]
hosts:
  ${name}-a: { ansible_host: 10.${number >> 8}.${number & 255}.1 }
params:
  title: Shop ${name}
`;
    }
  }
  return { ...files, ...more };
}
