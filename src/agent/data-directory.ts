import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { syncFolder } from '../git/sync-folder.ts';
import { errorCode, messageOf, UserError } from '../model/errors.ts';
import { isName } from '../model/tree.ts';
import { createUserNames } from '../runner/working-copy/user-names.ts';
import { takeLock } from '../store/lock.ts';

/** Where everything of an agent is. */
export interface AgentDirectory {
  root: string;
  /** Folder of working copies: one, named like the site. */
  copies: string;
  siteStore: string;
  database: string;
  runs: string;
  /** Bundles on their way in or out. */
  transfer: string;
  /** Socket of the agent that runs on this directory. */
  socket: string;
  /** The site's own key pair, and the keys that it believes. */
  key: string;
  allowedSigners: string;
}

/** How files in `transfer` are named that people's commands hand to an agent that runs, or get from it. */
export const CARRIED = 'carried-';

/** Another process works on the data directory. */
export class DirectoryInUse extends UserError {
  override name = 'DirectoryInUse';
}

/** Whose agent this is, and where its centre is. */
const Identity = z.strictObject({
  site: z.string().refine(isName, 'is no name of a site'),
  /** Absent: there is no centre to be reached, bundles come by hand. */
  server: z.url().optional(),
  token: z.string().max(512).optional(),
  /** File with the certificates of authorities that the centre's is to be checked against. */
  ca: z.string().optional(),
});
export type Identity = z.output<typeof Identity>;

/** The places within an agent's data directory. */
export function agentDirectory(path: string): AgentDirectory {
  const root = resolve(path);
  return {
    root,
    copies: join(root, 'copy'),
    siteStore: join(root, 'sites.git'),
    database: join(root, 'agent.sqlite'),
    runs: join(root, 'runs'),
    transfer: join(root, 'transfer'),
    socket: join(root, 'agent.sock'),
    key: join(root, 'key'),
    allowedSigners: join(root, 'allowed_signers'),
  };
}

/**
 * Whoever works on a directory leaves files of his there: root's would keep the agent of another user out of its own.
 * @throws UserError if the directory is somebody else's than this process's user
 */
export async function assertOwnDirectory({ root }: AgentDirectory): Promise<void> {
  const owner = await stat(root).then(
    ({ uid }) => uid,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw new UserError(`${root} cannot be looked into (${errorCode(error)})`);
    },
  );
  const me = process.geteuid?.();
  if (owner === undefined || me === undefined || owner === me) return;
  const name = createUserNames();
  throw new UserError(
    `${root} belongs to ${name(owner)}, and this is ${name(me)}: do it as that user (\`runuser -u ${name(owner)} -- …\`)`,
  );
}

/**
 * Takes the directory for this process alone, waiting for a guard to finish its work.
 * @param patience milliseconds
 * @throws DirectoryInUse if another process still has it then; UserError where it is another user's, or the lock cannot
 *   be taken at all
 */
export async function takeAgentDirectory(
  directory: AgentDirectory,
  patience = 0,
): Promise<() => void> {
  const { root } = directory;
  await mkdir(root, { recursive: true, mode: 0o700 });
  await assertOwnDirectory(directory);
  const until = performance.now() + patience;
  const lock = lockOf(root);
  for (;;) {
    const release = tryLock(lock);
    if (release) return release;
    if (performance.now() >= until) {
      throw new DirectoryInUse(
        `another trueup agent uses ${root}: stop it first, or name another folder`,
      );
    }
    await sleep(200);
  }
}

/** The file that whoever works on the directory holds locked; there is nothing in it. */
export function lockOf(root: string): string {
  return join(root, 'lock.sqlite');
}

function tryLock(file: string): (() => void) | undefined {
  try {
    return takeLock(file);
  } catch (error) {
    throw new UserError(
      `${file} cannot be locked (${messageOf(error)}): if the disk is well, remove that file; nothing is kept in it`,
    );
  }
}

/** Whose agent the directory is; undefined: nobody's yet. Throws UserError where the file is damaged. */
export async function readIdentity({ root }: AgentDirectory): Promise<Identity | undefined> {
  const file = join(root, 'identity.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return Identity.parse(JSON.parse(text));
  } catch {
    throw new UserError(
      `${file} is damaged: move it away, and do \`trueup agent enroll\` (with a centre) or \`trueup agent init\` ` +
        `(without) again; all else that is there stays`,
    );
  }
}

/** Writes a file that only its owner may read, all of it or nothing; it lasts when this returns. */
export async function writePrivate(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  await syncFolder(dirname(file));
}

export async function writeIdentity(directory: AgentDirectory, identity: Identity): Promise<void> {
  await mkdir(directory.root, { recursive: true, mode: 0o700 });
  await writePrivate(
    join(directory.root, 'identity.json'),
    `${JSON.stringify(Identity.parse(identity), undefined, 2)}\n`,
  );
}
