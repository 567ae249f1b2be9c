import { type Command, Option } from 'commander';

import { UserError } from '../model/errors.ts';
import {
  agentDataOption,
  clientFor,
  counted,
  gather,
  period,
  planOption,
  revOption,
  run,
  type ServerFlags,
  withServer,
} from './command.ts';

const DAY = 86_400_000;
const EXPIRES = { ms: 30 * DAY, text: '30d' };
const OVERLAP = { ms: 90 * DAY, text: '90d' };

/** Adds `trueup bundle …`: the file for a site without a network, and the one that comes back. */
export function addBundleCommands(program: Command): void {
  const bundle = program
    .command('bundle')
    .description("make, check and apply the files that carry a site's trees");
  addCreate(bundle);
  bundle
    .command('show')
    .description('show what a bundle says of itself')
    .argument('<file>')
    .action(
      run(async (_options, [file], output) =>
        (await import('./commands/bundle.ts')).showBundle(file!, output),
      ),
    );
  bundle
    .command('verify')
    .description('check all of a bundle as the other end would, and change nothing')
    .argument('<file>')
    .requiredOption('--trust <file>', 'keys to trust: an allowed-signers file')
    .option('--site <site>', 'the site it has to be for (the one it names)')
    .option('--data <dir>', 'data directory with what the site has, for a bundle that builds on it')
    .action(
      run<{ trust: string; site?: string; data?: string }>(async (options, [file], output) =>
        (await import('./commands/bundle.ts')).verifyBundle(file!, options, output),
      ),
    );
  withServer(
    bundle
      .command('import')
      .description('hand a bundle that was carried to the controller, or to the agent here')
      .argument('<file>'),
  )
    .option('--site <site>', 'the site it has to be of (the one it names)')
    .addOption(agentDataOption())
    .action(
      run<ServerFlags & { data: string; site?: string }>(async (options, [file], output) =>
        (await import('./commands/bundle-import.ts')).importBundle(
          file!,
          options,
          () => clientFor(options),
          output,
        ),
      ),
    );
  bundle
    .command('apply')
    .description('take a bundle in and run Ansible on it here, with nothing but the file')
    .argument('<file>')
    .requiredOption('--trust <file>', 'keys to trust: an allowed-signers file')
    .requiredOption('--dir <dir>', 'folder that keeps the history and the tree')
    .option('--site <site>', 'the site it has to be for (the one of the folder, or that it names)')
    .option('--check', 'change nothing, show what would change (exit 2 if anything)')
    .option('--overwrite', 'go on where the tree was edited; the edit stays in the history')
    .option('--vault-password-file <file>', 'for vaulted values')
    .action(
      run<{
        trust: string;
        dir: string;
        site?: string;
        check?: boolean;
        overwrite?: boolean;
        vaultPasswordFile?: string;
      }>(async (options, [file], output) =>
        (await import('./commands/bundle-apply.ts')).applyBundle(file!, options, output),
      ),
    );
}

function addCreate(bundle: Command): void {
  bundle
    .command('create')
    .description('make the signed file that brings a site what is desired there')
    .argument('<site>')
    .requiredOption('--out <file>', 'the file')
    .option('--have <commit>', 'a commit that the site has; may be repeated', gather)
    .addOption(planOption())
    .addOption(revOption())
    .option('--key <path>', 'what signs: a private key, or a folder of `trueup key`')
    .addOption(
      new Option('--expires <period>', 'how long it may be taken in: 30d, 12h')
        .argParser(period)
        .default(EXPIRES.ms, EXPIRES.text),
    )
    .option(
      '--generation <number>',
      'at least this one (the last that was issued, and one)',
      counted,
    )
    .option(
      '--store <dir>',
      'repository that keeps what was issued (in the git folder of the plan)',
    )
    .option('--server <url>', 'take it from a controller instead')
    .option('--token-file <file>', 'file with the token (otherwise TRUEUP_TOKEN)')
    .action(
      run<{
        out: string;
        have?: string[];
        plan: string;
        rev?: string;
        key?: string;
        expires: number;
        generation?: number;
        store?: string;
        server?: string;
        tokenFile?: string;
      }>(async ({ key, server, ...options }, [site], output) => {
        const commands = await import('./commands/bundle-create.ts');
        if (server !== undefined) {
          const flags: ServerFlags = { ...options, server };
          return commands.downloadBundle(site!, options, await clientFor(flags), output);
        }
        if (key === undefined)
          throw new UserError(
            'name what signs with --key (`trueup key create DIR` makes it), or a controller with --server',
          );
        return commands.createBundle(site!, { ...options, key }, output);
      }),
    );
}

/** Adds `trueup key …`: the keys that sign what sites are to take in. */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('keep the keys that sign bundles');
  key
    .command('create')
    .description('make a folder with a key, and the list of keys that sites are to trust')
    .argument('<dir>')
    .option('--file', 'make one key in a file, and its public key beside it')
    .action(
      run<{ file?: boolean }>(async (options, [dir], output) =>
        (await import('./commands/key.ts')).createKeys(dir!, options, output),
      ),
    );
  key
    .command('show')
    .description("show the keys in a folder (a controller's: signing in its data directory)")
    .argument('<path>')
    .action(
      run(async (_options, [path], output) =>
        (await import('./commands/key.ts')).showKeys(path!, output),
      ),
    );
  key
    .command('rotate')
    .description('sign with a new key from now on')
    .argument('<dir>')
    .addOption(
      new Option('--overlap <period>', 'how long the key before stays trusted')
        .argParser(period)
        .default(OVERLAP.ms, OVERLAP.text),
    )
    .action(
      run<{ overlap: number }>(async (options, [dir], output) =>
        (await import('./commands/key.ts')).rotateKeys(dir!, options, output),
      ),
    );
  key
    .command('revoke')
    .description('trust an earlier key no more')
    .argument('<dir>')
    .argument('<fingerprint>', 'SHA256:…, or the beginning of it')
    .action(
      run(async (_options, [dir, fingerprint], output) =>
        (await import('./commands/key.ts')).revokeKey(dir!, fingerprint!, output),
      ),
    );
}
