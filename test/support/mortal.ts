import childProcess from 'node:child_process';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/**
 * Makes this process kill itself, with SIGKILL, at one of the steps by which it changes anything outside of itself:
 * just before or after a commit of the database, or just before a file is put in its place, linked, removed or
 * written, or a program is started. To be imported before what is to die.
 */

let steps = 0;
let last = Infinity;

/** Says at which step, counted from 1, to die. */
export function dieAt(step: number): void {
  last = step;
}

/** Steps taken so far. */
export function stepsTaken(): number {
  return steps;
}

function step(what: string): void {
  steps += 1;
  if (steps !== last) return;
  process.stderr.write(`dies at step ${steps}: ${what}\n`);
  process.kill(process.pid, 'SIGKILL');
}

for (const name of ['rename', 'link', 'unlink', 'writeFile'] as const) {
  const original: (...args: never[]) => unknown = files[name];
  Object.assign(files, {
    [name]: (...args: never[]) => {
      step(`${name} ${args.map(String).join(' ').slice(0, 200)}`);
      return original(...args);
    },
  });
}

const { spawn } = childProcess;
Object.assign(childProcess, {
  spawn: (...args: Parameters<typeof spawn>) => {
    step(`spawn ${[args[0], args[1]].join(' ').slice(0, 200)}`);
    return spawn(...args);
  },
});

// It is called on the database that it is asked of.
// oxlint-disable-next-line typescript/unbound-method
const { prepare } = DatabaseSync.prototype;
DatabaseSync.prototype.prepare = function prepareMortal(sql: string): StatementSync {
  const statement = prepare.call(this, sql);
  if (!/^commit/i.test(sql)) return statement;
  for (const name of ['run', 'all'] as const) {
    const original: (...args: never[]) => unknown = statement[name].bind(statement);
    Object.assign(statement, {
      [name]: (...args: never[]) => {
        step('before a commit');
        const result = original(...args);
        step('after a commit');
        return result;
      },
    });
  }
  return statement;
};

syncBuiltinESMExports();
