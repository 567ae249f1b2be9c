const DATES =
  'a rendering knows no clock and no time zone; give the text of the date as a parameter';
const RUNTIME =
  'it is known only while Ansible runs; define a parameter, or let a template of a role, which Ansible renders, use it';
const RANDOM = 'a rendering is the same each time; use shuffle or random with a seed';

/** Names that Ansible defines by itself, and what to do where a plan does not define them. */
const names: Readonly<Record<string, string>> = {
  ansible_managed:
    'define it as a parameter of a layer that plan.yaml lists, for example in layers/common.yaml: ansible_managed: "Managed by trueup: changes here become proposals"',
  lookup: 'templates look up nothing outside of the plan; define a parameter',
  query: 'templates look up nothing outside of the plan; define a parameter',
  q: 'templates look up nothing outside of the plan; define a parameter',
  now: DATES,
  lipsum: RANDOM,
  omit: 'it leaves out an argument of a task, and a template has none; use {% if %}',
  undef: 'use mandatory with a message',
  ...Object.fromEntries(
    words(
      'hostvars groups group_names inventory_hostname inventory_hostname_short inventory_dir ' +
        'inventory_file play_hosts role_path role_name playbook_dir template_host template_path ' +
        'template_uid template_run_date template_destpath template_fullpath vars environment',
    ).map((name) => [name, RUNTIME]),
  ),
};

/** What to do about a name that Ansible would know and the plan does not define; undefined for any other. */
export function nameHint(name: string): string | undefined {
  if (Object.hasOwn(names, name)) return names[name];
  return name.startsWith('ansible_') ? RUNTIME : undefined;
}

function words(text: string): string[] {
  return text.split(' ');
}
