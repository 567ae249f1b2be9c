import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { stdout } from 'node:process';

/*
 * Renders hostile plans one after another, as a process of its own: `templates`, `plans`, or the one of that name
 * (argv[2]). Prints for each of them, as a line of JSON, how it ended, after how long, and the most memory that the
 * process has had so far.
 */
// As the program does, before anything else is compiled.
enableCompileCache(join(homedir(), '.cache', 'trueup'));
const { UntrustedRenderer } = await import('../../src/render/worker/untrusted-renderer.ts');
const { hostilePlans } = await import('./hostile-plans.ts');
const { planFiles } = await import('./plan-files.ts');
const renderer = new UntrustedRenderer();
const which = process.argv[2];
for (const [name, source] of hostilePlans()) {
  const kind = name.startsWith('template: ') ? 'templates' : 'plans';
  if (![kind, name].includes(which!)) continue;
  const started = performance.now();
  const { ended, problems, sites } = await renderer.run({
    plan: { files: planFiles(source) },
    // A template is ended by its fuel, long before; what only the timer ends need not be waited for.
    timeout: kind === 'templates' ? 5000 : 500,
  });
  const milliseconds = Math.round(performance.now() - started);
  const all = [...problems, ...sites.flatMap((site) => site.problems)];
  const [, kib] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const megabytes = Math.round(Number(kib) / 1024);
  stdout.write(`${JSON.stringify({ name, ended, problem: all[0], milliseconds, megabytes })}\n`);
}
await renderer.close();
