import type { Filter } from './filter.ts';

export const regexFilters: Filter[] = [];
