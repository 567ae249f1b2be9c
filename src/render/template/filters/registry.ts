import { addressFilters } from './addresses.ts';
import { collectionFilters } from './collections.ts';
import { encodingFilters } from './encoding.ts';
import type { Filter } from './filter.ts';
import { formatFilters } from './formats.ts';
import { listFilters } from './lists.ts';
import { mappingFilters } from './mappings.ts';
import { markupFilters } from './markup.ts';
import { numberFilters } from './numbers.ts';
import { pathFilters } from './paths.ts';
import { randomFilters } from './random.ts';
import { regexFilters } from './regex.ts';
import { mapFilter, selectionFilters } from './selection.ts';
import { serialFilters } from './serial.ts';
import { textFilters } from './text.ts';
import { urlFilters } from './urls.ts';
import { wrapFilters } from './wrap.ts';

const all = [
  ...addressFilters,
  ...collectionFilters,
  ...encodingFilters,
  ...formatFilters,
  ...listFilters,
  ...mappingFilters,
  ...markupFilters,
  ...numberFilters,
  ...pathFilters,
  ...randomFilters,
  ...regexFilters,
  ...selectionFilters,
  ...serialFilters,
  ...textFilters,
  ...urlFilters,
  ...wrapFilters,
];

const byName = new Map(all.map((filter) => [filter.name, filter]));
byName.set('map', mapFilter(byName));

/** Other names of filters. */
const aliases: Record<string, string> = { d: 'default', count: 'length', e: 'escape' };

/** Every filter, also under its full name (`ansible.builtin.to_json`). */
export const filters: ReadonlyMap<string, Filter> = byName;

for (const [alias, name] of Object.entries(aliases)) {
  const filter = byName.get(name);
  if (filter) byName.set(alias, filter);
}
for (const [name, filter] of Array.from(byName)) {
  const isAddress = addressFilters.some((other) => other.name === name);
  byName.set(`${isAddress ? 'ansible.utils' : 'ansible.builtin'}.${name}`, filter);
}
