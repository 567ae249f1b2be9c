/** `npm run fuzz:jinja -- --cases N --seed S`: generated templates against the real Jinja2; exits 1 where one differs. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});

function count(name: 'cases' | 'seed'): string {
  if (/^[1-9]\d{0,9}$/.test(values[name])) return values[name];
  process.stderr.write(`--${name} takes a whole number, not ${values[name]}\n`);
  process.exit(64);
}

const run = spawnSync('vitest', ['run', 'test/integration/jinja.test.ts'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    TRUEUP_JINJA_CASES: count('cases'),
    TRUEUP_JINJA_SEED: count('seed'),
  },
});
process.exit(run.status ?? 1);
