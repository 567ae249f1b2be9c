import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import { messageOf, UserError } from '../model/errors.ts';
import { addAgentCommands } from './agent-program.ts';
import { addBundleCommands, addKeyCommands } from './bundle-program.ts';
import {
  clientFor,
  exportsOption,
  planOption,
  revOption,
  run,
  type ServerFlags,
  withServer,
} from './command.ts';
import { EXIT, styled } from './output.ts';
import { version } from './version.ts';

/** The number by which the report of `backport` counts the ways to change the plan. */
function wayNumber(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Ways are counted from 1.');
  return Number(text);
}

export async function createProgram(): Promise<Command> {
  const program = new Command('trueup')
    .description('Trues up edge sites to a plan in git, and the plan to the sites.')
    .version(await version())
    .option('--json', 'one JSON document on stdout, nothing else')
    .option('--debug', 'show the stack of an error')
    .showHelpAfterError('(trueup --help tells more)')
    .configureHelp({ sortSubcommands: false })
    .exitOverride();

  program
    .command('init')
    .description('write a small working plan, commented')
    .argument('[dir]', 'folder (plan)')
    .action(
      run(async (_options, [dir = 'plan'], output) =>
        (await import('./commands/init.ts')).init(dir, output),
      ),
    );
  program
    .command('validate')
    .description('show every error of a plan, with positions')
    .addOption(planOption())
    .addOption(revOption())
    .addOption(exportsOption())
    .action(
      run<{ plan: string; rev?: string }>(async (options, _args, output) =>
        (await import('./commands/validate.ts')).validate(options, output),
      ),
    );
  program
    .command('render')
    .description('write site trees as folders')
    .argument('[site...]', 'sites to render')
    .option('--all', 'all sites')
    .addOption(planOption())
    .addOption(revOption())
    .addOption(exportsOption())
    .requiredOption('--out <dir>', 'folder for the site folders')
    .action(
      run<{ plan: string; rev?: string; exports?: string; out: string; all?: boolean }>(
        async (options, args, output) =>
          (await import('./commands/render.ts')).render(args, options, output),
      ),
    );
  program
    .command('diff')
    .description('show what changes at which sites between two revisions (exit 2 if anything)')
    .argument('[revA]', 'from this revision (HEAD)')
    .argument('[revB]', 'to this revision (the files as they stand)')
    .addOption(planOption())
    .addOption(exportsOption())
    .option('--site <site>', 'only this site')
    .action(
      run<{ plan: string; site?: string; exports?: string }>(async (options, [a, b], output) =>
        (await import('./commands/diff.ts')).diff(a, b, options, output),
      ),
    );
  program
    .command('explain')
    .description('show where a parameter, or a line of a rendered file, comes from')
    .argument('<site>')
    .argument('<what>', 'KEY, host:NAME.KEY, group:NAME.KEY, FILE or FILE:LINE')
    .addOption(planOption())
    .addOption(revOption())
    .addOption(exportsOption())
    .action(
      run<{ plan: string; rev?: string }>(async (options, [site, what], output) =>
        (await import('./commands/explain.ts')).explain(site!, what!, options, output),
      ),
    );
  for (const [name, description] of [
    ['apply', 'render a site and run Ansible on it, here and now'],
    ['drift', 'show how the hosts differ from the plan (exit 2 if they do)'],
  ] as const) {
    const command = program
      .command(name)
      .description(description)
      .argument('<site>')
      .addOption(planOption())
      .addOption(revOption())
      .addOption(exportsOption())
      .option('--vault-password-file <file>', 'for vaulted values');
    if (name === 'apply') command.option('--check', 'change nothing, show what would change');
    command.action(
      run<{
        plan: string;
        rev?: string;
        exports?: string;
        check?: boolean;
        vaultPasswordFile?: string;
      }>(async (options, [site], output) =>
        (await import('./commands/apply.ts'))[name](site!, options, output),
      ),
    );
  }
  program
    .command('backport')
    .description('show the plan edits that explain an edited site tree (exit 2 if there are any)')
    .argument('<site>')
    .addOption(planOption())
    .addOption(revOption())
    .addOption(exportsOption())
    .requiredOption('--observed <tree>', 'the edited site tree: a folder, or git:DIR@REV')
    .option('--write', 'make the edits in the plan folder')
    .addOption(
      new Option('--place <where>', 'where parameters are changed')
        .choices(['auto', 'origin', 'site'])
        .default('auto'),
    )
    .option('--alternative <number>', 'another way than the recommended one', wayNumber)
    .action(
      run<{
        plan: string;
        rev?: string;
        exports?: string;
        observed: string;
        write?: boolean;
        place: 'auto' | 'origin' | 'site';
        alternative?: number;
      }>(async (options, [site], output) =>
        (await import('./commands/backport.ts')).backportCommand(site!, options, output),
      ),
    );
  program
    .command('controller')
    .description('keep all sites true to a plan, until stopped')
    .option('--config <file>', 'settings (see config/trueup.example.yaml)')
    .action(
      run<{ config?: string }>(async (options, _args, output) =>
        (await import('./commands/controller.ts')).controller(options, output),
      ),
    );
  program
    .command('demo')
    .description('play the whole story on this machine')
    .option('--once', 'play it, check each step, and leave')
    .option('--dir <dir>', 'folder for everything it makes (a temporary one)')
    .action(
      run<{ once?: boolean; dir?: string }>(async (options, _args, output) =>
        (await import('./demo/demo.ts')).demo(options, output),
      ),
    );
  addBundleCommands(program);
  addAgentCommands(program);
  addKeyCommands(program);
  addServerCommands(program);
  return program;
}

function addServerCommands(program: Command): void {
  withServer(program.command('status'))
    .description('show the fleet, or one site, as a controller sees it')
    .argument('[site]')
    .action(
      run<ServerFlags>(async (options, [site], output) =>
        (await import('./commands/status.ts')).status(site, await clientFor(options), output),
      ),
    );
  withServer(program.command('sites'))
    .description('list the sites')
    .option('--state <state>', 'only those in this state')
    .option('--search <text>', 'only those whose name or labels contain this')
    .action(
      run<ServerFlags & { state?: string; search?: string }>(async (options, _args, output) => {
        const { state, search } = options;
        const filter = { ...(state ? { state } : {}), ...(search ? { search } : {}) };
        return (await import('./commands/status.ts')).sites(
          filter,
          await clientFor(options),
          output,
        );
      }),
    );
  withServer(program.command('retry'))
    .description('apply a site again now')
    .argument('<site>')
    .action(
      run<ServerFlags>(async (options, [site], output) =>
        (await import('./commands/status.ts')).retry(site!, await clientFor(options), output),
      ),
    );
  withServer(program.command('confirm'))
    .description('let a revision come into force that is held for what it removes')
    .argument('<revision>', 'its commit id, or the beginning of it')
    .action(
      run<ServerFlags>(async (options, [revision], output) =>
        (await import('./commands/status.ts')).confirm(revision!, await clientFor(options), output),
      ),
    );
  withServer(program.command('check'))
    .description('check the plan that a pull request would give at hosts, changing nothing there')
    .argument('<number>', 'of the pull request')
    .option(
      '--commit <commit>',
      'the commit that you have read; needed, in full, for one from a fork',
    )
    .action(
      run<ServerFlags & { commit?: string }>(async (options, [number], output) =>
        (await import('./commands/check.ts')).check(
          number!,
          options.commit,
          await clientFor(options),
          output,
        ),
      ),
    );
  const site = program.command('site').description('let the agents of sites in and out');
  withServer(site.command('enroll'))
    .description('make the one-time code with which an agent enrols for a site')
    .argument('<site>')
    .option('--public-key <file>', 'let this key in at once: for a site without a network')
    .action(
      run<ServerFlags & { publicKey?: string }>(async (options, [name], output) =>
        (await import('./commands/site.ts')).enroll(
          name!,
          options,
          await clientFor(options),
          output,
        ),
      ),
    );
  withServer(site.command('revoke'))
    .description("end a site's token and key: nothing of its agent is believed any more")
    .argument('<site>')
    .action(
      run<ServerFlags>(async (options, [name], output) =>
        (await import('./commands/site.ts')).revoke(name!, await clientFor(options), output),
      ),
    );
  const token = program.command('token').description('hand out tokens of the API');
  withServer(token.command('create'))
    .description('make a token; it is told this once')
    .argument('<name>', 'what decisions made with it are recorded under')
    .requiredOption('--role <role>', 'viewer, operator, admin, runner, or site:NAME')
    .action(
      run<ServerFlags & { role: string }>(async (options, [name], output) =>
        (await import('./commands/token.ts')).createToken(
          name!,
          options.role,
          await clientFor(options),
          output,
        ),
      ),
    );
  withServer(token.command('list'))
    .description('list the tokens, revoked ones too')
    .action(
      run<ServerFlags>(async (options, _args, output) =>
        (await import('./commands/token.ts')).listTokens(await clientFor(options), output),
      ),
    );
  withServer(token.command('revoke'))
    .description('end the use of a token')
    .argument('<token>', 'its name or id')
    .action(
      run<ServerFlags>(async (options, [id], output) =>
        (await import('./commands/token.ts')).revokeToken(id!, await clientFor(options), output),
      ),
    );
  const proposals = withServer(program.command('proposals'))
    .description('list the proposals that wait for a decision')
    .option('--state <state>', 'those in another state', 'open')
    .action(
      run<ServerFlags & { state: string }>(async (options, _args, output) =>
        (await import('./commands/status.ts')).proposals(options, await clientFor(options), output),
      ),
    );
  withServer(proposals.command('show'))
    .description('show one in full')
    .argument('<proposal>', 'its number or id')
    .action(
      run<ServerFlags>(async (options, [id], output) =>
        (await import('./commands/status.ts')).showProposal(id!, await clientFor(options), output),
      ),
    );
  withServer(proposals.command('waiting'))
    .description('list the edits that wait for their proposal, and why')
    .action(
      run<ServerFlags>(async (options, _args, output) =>
        (await import('./commands/status.ts')).waiting(await clientFor(options), output),
      ),
    );
  withServer(proposals.command('choose'))
    .description('take another of its options, as `show` counts them')
    .argument('<proposal>', 'its number or id')
    .argument('<option>', 'number of the option')
    .action(
      run<ServerFlags>(async (options, [id, option], output) =>
        (await import('./commands/status.ts')).choose(
          id!,
          option!,
          await clientFor(options),
          output,
        ),
      ),
    );
  for (const decision of ['merge', 'close'] as const) {
    withServer(proposals.command(decision))
      .description(
        decision === 'merge'
          ? 'adopt it: the plan learns the edit'
          : 'reject it: the site goes back to the plan',
      )
      .argument('<proposal>', 'its number or id')
      .action(
        run<ServerFlags>(async (options, [id], output) =>
          (await import('./commands/status.ts')).decide(
            id!,
            decision,
            await clientFor(options),
            output,
          ),
        ),
      );
  }
}

/** Tells what went wrong in one sentence; the stack is for `--debug`. */
function fail(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const known = error instanceof UserError;
  const text = debug && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`${styled('red', 'error')}: ${text}\n`);
  if (!known && !debug)
    process.stderr.write('This is a fault of trueup itself; --debug shows where.\n');
  return EXIT.error;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read us (`head`, `less`) has seen enough.
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});
try {
  await (await createProgram()).parseAsync();
} catch (error) {
  process.exitCode = fail(error, process.argv.includes('--debug'));
}
