import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';

import { createKey, loadSigner, parseAllowedKeys } from '../bundle/bundle.ts';
import { errorCode, UserError } from '../model/errors.ts';
import { CentreClient } from './centre-client.ts';
import {
  agentDirectory,
  readIdentity,
  takeAgentDirectory,
  writeIdentity,
  writePrivate,
} from './data-directory.ts';

/**
 * Makes a data directory an agent's by a one-time code of its centre: the key pair is made here and never leaves, the
 * token comes back and is never typed. Asked again (the answer was lost) with the same code, it is the same agent.
 * @throws UserError where the centre refuses, or the directory belongs to another site
 */
export async function enrolAgent(of: {
  data: string;
  server: string;
  code: string;
  ca?: string | undefined;
  version: string;
}): Promise<{ site: string }> {
  const { data, server, code, ca, version } = of;
  const directory = agentDirectory(data);
  await mkdir(directory.root, { recursive: true, mode: 0o700 });
  const release = await takeAgentDirectory(directory);
  try {
    const before = await readIdentity(directory);
    const { publicKey } = await keyOf(directory.key, before?.site ?? hostname());
    const client = new CentreClient({ server, ca });
    const { site, token, allowedSigners } = await client.enroll({
      code,
      publicKey,
      host: hostname().slice(0, 255),
      version: version.slice(0, 64),
    });
    if (before && before.site !== site)
      throw new UserError(
        `this is the agent of ${before.site}, and the code is one for ${site}: name another data directory`,
      );
    parseAllowedKeys(allowedSigners, "the centre's list of keys");
    await writePrivate(directory.allowedSigners, allowedSigners);
    await writeIdentity(directory, { site, server, token, ...(ca === undefined ? {} : { ca }) });
    return { site };
  } finally {
    release();
  }
}

/**
 * Makes a data directory the agent's of a site that has no way to its centre: bundles come by hand.
 * @param trust text of an allowed-signers file with the centre's keys
 * @returns the public key that the centre has to know before it takes anything in from here
 */
export async function initAgent(of: {
  data: string;
  site: string;
  trust: string;
}): Promise<{ publicKey: string }> {
  const { data, site, trust } = of;
  const directory = agentDirectory(data);
  await mkdir(directory.root, { recursive: true, mode: 0o700 });
  const release = await takeAgentDirectory(directory);
  try {
    const before = await readIdentity(directory);
    if (before && before.site !== site)
      throw new UserError(`this is the agent of ${before.site}: name another data directory`);
    if (parseAllowedKeys(trust).length === 0)
      throw new UserError('the file of trusted keys names no ssh-ed25519 key');
    const { publicKey } = await keyOf(directory.key, site);
    await writePrivate(directory.allowedSigners, trust);
    await writeIdentity(directory, { ...before, site });
    return { publicKey };
  } finally {
    release();
  }
}

async function keyOf(file: string, comment: string): Promise<{ publicKey: string }> {
  try {
    return await createKey(file, comment);
  } catch (error) {
    if (!(error instanceof UserError) && errorCode(error) !== 'EEXIST') throw error;
    return loadSigner(file);
  }
}
