import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { expect, onTestFinished, test } from 'vitest';

import { UserError } from '../../src/model/errors.ts';
import { migrate } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import { openSqlite, sqliteDialect } from '../../src/store/sqlite.ts';
import { openStore } from '../../src/store/store.ts';
import { emptyStore, temporaryFolder } from '../support/store.ts';

const WRITER = fileURLToPath(new URL('../support/store-writer.ts', import.meta.url));
const NEIGHBOUR = fileURLToPath(new URL('../support/store-neighbour.ts', import.meta.url));

/** Starts the writer, kills it some writes later, and returns the last write that it was told of. */
async function writeAndKill(file: string, from: number, writes: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, file, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let last = from - 1;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last - from >= writes) child.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
  return last;
}

test('law 12: killed while it writes, no acknowledged write is lost and none is done by half', async () => {
  const file = join(temporaryFolder(), 'trueup.db');
  let next = 0;
  for (const writes of [0, 7, 23, 1]) {
    const last = await writeAndKill(file, next, writes);
    const store = await openStore({ file });
    const names = new Set(await store.sites.names());
    const runs = new Set((await store.runs.unfinished()).map((run) => run.site));
    const drifts = new Set((await store.drifts.openAll()).map((drift) => drift.site));
    const audited = new Set((await store.audit.list(10_000)).map(({ subject }) => subject));
    await store.close();
    for (let number = 0; number <= last; number += 1) {
      const name = `site-${number}`;
      expect([names, runs, drifts, audited].map((set) => set.has(name))).toEqual(
        Array.from({ length: 4 }, () => true),
      );
    }
    expect(runs).toEqual(drifts);
    // What was under way when it was killed may be there, one write at most.
    expect(names.size - (last + 1)).toBeLessThanOrEqual(1);
    next = last + 1;
  }
  const database = new DatabaseSync(file);
  expect(database.prepare('pragma integrity_check').all()).toMatchObject([
    { integrity_check: 'ok' },
  ]);
  database.close();
});

test('two processes may write at once: who reads before it writes keeps its transaction', async () => {
  const file = join(temporaryFolder(), 'trueup.db');
  const store = await openStore({ file });
  onTestFinished(() => store.close());
  const child = spawn(process.execPath, [NEIGHBOUR, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async () => (await lines.next()).value;
  expect(await heard()).toBe('ready');
  for (const round of ['one', 'two', 'three', 'four', 'five']) {
    await store.transaction(async (tx) => {
      const { headRevision } = await tx.plan.get();
      child.stdin.write(`${round}\n`);
      expect(await heard()).toBe(`writing ${round}`);
      // Time enough for the other one to get in between, if it could.
      for (let turn = 0; turn < 1_000; turn += 1) await setImmediate();
      await tx.plan.update({ goodRevision: `after ${headRevision}` });
    });
    expect(await heard()).toBe(`wrote ${round}`);
  }
  child.stdin.end();
  expect(await exit).toEqual([0, null]);
  expect(await store.plan.get()).toMatchObject({
    headRevision: 'five',
    goodRevision: 'after four',
  });
});

const good: Migration = {
  up: async (db) => {
    await db.schema.createTable('extra').addColumn('id', 'text').execute();
  },
};

/** Creates a table, changes rows, and then fails. */
const broken: Migration = {
  up: async (db) => {
    await good.up(db);
    await sql`update plan set good_revision = 'half'`.execute(db);
    await sql`insert into nowhere values (1)`.execute(db);
  },
};

/** Runs migrations on a database file. */
async function migrateFile(file: string, all: Record<string, Migration>): Promise<void> {
  const db = new Kysely<never>({ dialect: sqliteDialect(openSqlite(file)) });
  try {
    await migrate(db, all);
  } finally {
    await db.destroy();
  }
}

test('two commits that an agent wrote into one column of a run are told apart', async () => {
  const file = join(temporaryFolder(), 'trueup.db');
  const older = Object.entries(migrations).filter(([name]) => name < '0008');
  await migrateFile(file, Object.fromEntries(older));
  const database = openSqlite(file);
  database.exec(`
    insert into sites (name, labels, stacks, delivery, generation, apply_forced, apply_reason,
        last_apply_failed, message, state, updated_at)
      values ('lisbon', '{}', '[]', 'agent', 1, 0, '', 0, '', 'synced', 1);
    insert into runs (id, site, kind, driver, cause, "commit", digest, revision, started_at, reason)
      values ('one', 'lisbon', 'apply', 'fake', '', 'aa bb', '', '', 1, ''),
             ('two', 'lisbon', 'apply', 'fake', '', 'cc', '', '', 2, '');
  `);
  database.close();
  const store = await openStore({ file });
  onTestFinished(() => store.close());
  const runs = await store.runs.list({ site: 'lisbon', limit: 5 });
  expect(runs.map(({ id, commit, desiredCommit }) => [id, commit, desiredCommit])).toEqual([
    ['two', 'cc', null],
    ['one', 'aa', 'bb'],
  ]);
});

test('a migration that fails half-way leaves nothing behind', async () => {
  const { store, file } = await emptyStore();
  await store.plan.update({ headRevision: 'head' });
  const failing = migrateFile(file, { ...migrations, '9999-extra': broken });
  await expect(failing).rejects.toThrow(/cannot bring the database up to date: .*nowhere/);
  const again = await openStore({ file });
  expect(await again.plan.get()).toMatchObject({ headRevision: 'head', goodRevision: null });
  await again.close();
  // The table is not there: making it succeeds.
  await migrateFile(file, { ...migrations, '9999-extra': good });
});

test('a database of a newer version is refused and left alone', async () => {
  const { file } = await emptyStore();
  await migrateFile(file, { ...migrations, '9999-extra': good });
  await expect(openStore({ file })).rejects.toThrow(UserError);
  await expect(openStore({ file })).rejects.toThrow('newer trueup (it has 9999-extra)');
});

test('a file that is no database, or cannot be used, is a clear error', async () => {
  const folder = temporaryFolder();
  const text = join(folder, 'text.db');
  writeFileSync(text, 'this is not a database\n'.repeat(100));
  await expect(openStore({ file: text })).rejects.toThrow(`cannot open the database ${text}`);
  await expect(openStore({ file: folder })).rejects.toThrow(UserError);
  await expect(openStore({ file: join(text, 'x.db') })).rejects.toThrow(UserError);
});

test('what is committed is on disk: write-ahead log, synced at each commit', () => {
  const database = openSqlite(join(temporaryFolder(), 'trueup.db'));
  onTestFinished(() => database.close());
  const pragma = (name: string) => Object.values(database.prepare(`pragma ${name}`).get()!)[0];
  expect(pragma('journal_mode')).toBe('wal');
  expect(pragma('synchronous')).toBe(2);
  expect(pragma('foreign_keys')).toBe(1);
  expect(pragma('busy_timeout')).toBe(5_000);
});
