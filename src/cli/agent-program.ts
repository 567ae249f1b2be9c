import type { Command } from 'commander';

import { agentDataOption, run } from './command.ts';

type DataFlags = { data: string };

/** Adds `trueup agent …`: the program that lives at a site. */
export function addAgentCommands(program: Command): void {
  const agent = program
    .command('agent')
    .description('keep this site true, with its centre or without');
  const sub = (name: string, description: string): Command =>
    agent.command(name).description(description).addOption(agentDataOption());

  sub('enroll', 'make this machine the agent of a site, by a one-time code of its centre')
    .requiredOption('--server <url>', 'the centre')
    .requiredOption('--code <code>', 'as `trueup site enroll SITE` gave it')
    .option('--ca <file>', "certificates of authorities for the centre's own, in PEM")
    .action(
      run<DataFlags & { server: string; code: string; ca?: string }>(
        async (options, _args, output) =>
          (await import('./commands/agent.ts')).enroll(options, output),
      ),
    );
  sub('init', 'make this machine the agent of a site that has no way to its centre')
    .requiredOption('--site <name>', 'its name in the plan')
    .requiredOption('--trust <file>', "the centre's keys: an allowed-signers file")
    .action(
      run<DataFlags & { site: string; trust: string }>(async (options, _args, output) =>
        (await import('./commands/agent.ts')).init(options, output),
      ),
    );
  sub('run', 'work until stopped')
    .option('--config <file>', 'settings (see config/agent.example.yaml)')
    .action(
      run<DataFlags & { config?: string }>(async (options, _args, output) =>
        (await import('./commands/agent.ts')).runAgent(options, output),
      ),
    );
  sub('guard', 'restore the last good tree should the agent end during an apply (run by the agent)')
    .option('--config <file>', 'settings')
    .action(
      run<DataFlags & { config?: string }>(async (options, _args, output) =>
        (await import('./commands/agent.ts')).guard(options, output),
      ),
    );
  sub('status', 'show how the site does').action(
    run<DataFlags>(async (options, _args, output) =>
      (await import('./commands/agent-ask.ts')).status(options, output),
    ),
  );
  sub('import', 'take in a bundle that was brought here')
    .argument('<file>')
    .action(
      run<DataFlags>(async (options, [file], output) =>
        (await import('./commands/agent-ask.ts')).importBundle(file!, options, output),
      ),
    );
  sub('export', 'write what the centre lacks into a file, for somebody to carry')
    .argument('<file>')
    .option('--full', 'all of the history, for a centre that lost what it had')
    .action(
      run<DataFlags & { full?: boolean }>(async (options, [file], output) =>
        (await import('./commands/agent-ask.ts')).exportBundle(file!, options, output),
      ),
    );
  sub('apply', 'apply what stands at the site now, whatever the policy says')
    .option('--check', 'only show what that would change')
    .action(
      run<DataFlags & { check?: boolean }>(async (options, _args, output) =>
        (await import('./commands/agent-ask.ts')).apply(options, output),
      ),
    );
  sub('edit', 'open the tree of the site, record what is changed and why, and apply it')
    .option('--message <why>', 'why (asked for if not given)')
    .option('--author <name>', 'who makes the edit')
    .option('--no-apply', 'only record it')
    .option('--yes', 'do not ask before it is recorded')
    .action(
      run<DataFlags & { message?: string; author?: string; apply: boolean; yes?: boolean }>(
        async (options, _args, output) =>
          (await import('./commands/agent-edit.ts')).edit(options, output),
      ),
    );
  sub('resolve', 'solve a conflict between the plan and the site')
    .argument('<path>', 'the file, within the tree')
    .argument('<choice>', '`plan`: the file as the plan has it; `site`: the lines of the site')
    .action(
      run<DataFlags>(async (options, [path, choice], output) =>
        (await import('./commands/agent-ask.ts')).resolve(path!, choice!, options, output),
      ),
    );
  sub('trust', "replace the centre's keys by those of a file that you trust")
    .argument('<file>', 'an allowed-signers file')
    .action(
      run<DataFlags>(async (options, [file], output) =>
        (await import('./commands/agent.ts')).trust(file!, options, output),
      ),
    );
}
