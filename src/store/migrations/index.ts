import type { Migration } from 'kysely/migration';

import * as first from './0001-first.ts';
import * as groups from './0002-groups.ts';
import * as previews from './0003-previews.ts';
import * as agents from './0004-agents.ts';
import * as edits from './0005-edits.ts';
import * as gathered from './0006-exports.ts';
import * as memory from './0007-memory.ts';
import * as runDesired from './0008-run-desired.ts';

/** In order of their names. A migration that was released is never changed: add another. */
export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-groups': groups,
  '0003-previews': previews,
  '0004-agents': agents,
  '0005-edits': edits,
  '0006-exports': gathered,
  '0007-memory': memory,
  '0008-run-desired': runDesired,
};
