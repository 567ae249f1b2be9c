import { readFile } from 'node:fs/promises';

import { type Command, InvalidArgumentError, Option } from 'commander';

import { Client, DEFAULT_SERVER } from './client.ts';
import { Output } from './output.ts';

export interface GlobalOptions {
  json?: boolean;
  debug?: boolean;
}
export type Flags = Record<string, unknown>;
export type ServerFlags = Flags & { server: string; tokenFile?: string };

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Runs a command's work and leaves with its exit code. Modules are loaded when their command is called. */
export function run<T extends Flags>(
  work: (options: T & GlobalOptions, args: string[], output: Output) => Promise<number>,
): (this: Command) => Promise<void> {
  return async function act() {
    const options = this.optsWithGlobals<T & GlobalOptions>();
    process.exitCode = await work(options, this.args, new Output(options.json === true));
  };
}

export async function clientFor({ server, tokenFile }: ServerFlags): Promise<Client> {
  const token = tokenFile
    ? (await readFile(tokenFile, 'utf8')).trim()
    : process.env['TRUEUP_TOKEN'];
  return new Client(server, token);
}

export const planOption = () => new Option('--plan <dir>', 'folder of the plan').default('.');
export const revOption = () =>
  new Option('--rev <rev>', 'a revision instead of the files as they stand');

export const exportsOption = () =>
  new Option('--exports <file>', 'what was gathered at sites, as JSON (docs/stacks.md)');

export const agentDataOption = () =>
  new Option('--data <dir>', 'where the agent keeps everything')
    .default('/var/lib/trueup-agent')
    .env('TRUEUP_AGENT_DATA');

/** Adds how a controller is reached. */
export function withServer(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', 'the controller').default(DEFAULT_SERVER).env('TRUEUP_SERVER'),
    )
    .option('--token-file <file>', 'file with the token (otherwise TRUEUP_TOKEN)');
}

/** Milliseconds of `30d`, `12h` or `45m`. */
export function period(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  if (unit !== 'm' && unit !== 'h' && unit !== 'd')
    throw new InvalidArgumentError('Write it as 30d, 12h or 45m.');
  return Number(number) * UNITS[unit];
}

/** A number that counts from one. */
export function counted(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It counts from 1.');
  return Number(text);
}

/** Values of an option that may be given more than once. */
export function gather(value: string, before: string[] = []): string[] {
  return [...before, value];
}
