import { collectionFilters } from './collections.ts';
import { encodingFilters } from './encoding.ts';
import type { Filter } from './filter.ts';
import { mappingFilters } from './mappings.ts';
import { numberFilters } from './numbers.ts';
import { regexFilters } from './regex.ts';
import { mapFilter, selectionFilters } from './selection.ts';
import { serialFilters } from './serial.ts';
import { textFilters } from './text.ts';

const all = [
  ...collectionFilters,
  ...encodingFilters,
  ...mappingFilters,
  ...numberFilters,
  ...regexFilters,
  ...selectionFilters,
  ...serialFilters,
  ...textFilters,
];

const byName = new Map(all.map((filter) => [filter.name, filter]));
byName.set('map', mapFilter(byName));

/** Other names of filters. */
const aliases: Record<string, string> = { d: 'default', count: 'length' };

/** Every filter, also under its full name (`ansible.builtin.to_json`). */
export const filters: ReadonlyMap<string, Filter> = byName;

for (const [alias, name] of Object.entries(aliases)) {
  const filter = byName.get(name);
  if (filter) byName.set(alias, filter);
}
for (const [name, filter] of Array.from(byName)) byName.set(`ansible.builtin.${name}`, filter);
