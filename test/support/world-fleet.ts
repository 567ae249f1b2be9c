import { pairPlan, site } from './world-plan.ts';
import type { World } from './world.ts';

/** The sites of `regionPlan`: four in the south, two in the west. */
export const SOUTH = ['lisbon', 'porto', 'faro', 'evora'] as const;
export const WEST = ['sintra', 'cascais'] as const;

/** The plan of `pairPlan` with more sites, in two regions that have a layer each. */
export function regionPlan(hosts: string): Record<string, string> {
  const files = pairPlan(hosts);
  return {
    ...files,
    'plan.yaml': files['plan.yaml']!.replace(
      'layers: [layers/common.yaml]',
      'layers: [layers/common.yaml, "layers/region/{region}.yaml"]',
    ),
    'layers/region/south.yaml': 'greeting: Bom dia\n',
    'layers/region/west.yaml': 'greeting: Olá\n',
    ...Object.fromEntries(SOUTH.map((name) => named(name, 'south'))),
    ...Object.fromEntries(WEST.map((name) => named(name, 'west'))),
  };
}

function named(name: string, region: string): [path: string, text: string] {
  return [`sites/${name}.yaml`, site(name).replace('region: south', `region: ${region}`)];
}

/** Makes the same edit at each of the sites. */
export async function editAll(
  world: World,
  sites: readonly string[],
  ...edit: [path: string, what: string | RegExp, by: string]
): Promise<void> {
  for (const name of sites) await world.edit(name, ...edit);
}
