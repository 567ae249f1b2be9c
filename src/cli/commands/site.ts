import { readFile } from 'node:fs/promises';

import { Enrollment } from '../../server/wire-agents.ts';
import { SiteAgent } from '../../server/wire-site-agent.ts';
import type { Client } from '../client.ts';
import { EXIT, type Output, styled } from '../output.ts';

/** `trueup site enroll NAME`: a one-time code, or at once a key that was carried here. */
export async function enroll(
  name: string,
  options: { publicKey?: string },
  client: Client,
  output: Output,
): Promise<number> {
  const publicKey =
    options.publicKey === undefined
      ? undefined
      : (await readFile(options.publicKey, 'utf8')).trim().split('\n')[0];
  const made = await client.post(
    `/sites/${encodeURIComponent(name)}/enrollment`,
    Enrollment,
    publicKey === undefined ? {} : { publicKey },
  );
  output.document(made);
  if (made.code === null) {
    output.line(`the key is let in with the first bundle of ${name} that it has signed`);
    output.line('the keys to believe there (allowed-signers file):');
    output.line(made.allowedSigners.trimEnd());
    return EXIT.ok;
  }
  output.line(styled('bold', made.code));
  output.line(`good once, until ${made.expiresAt}; at ${name}:`);
  output.line(`  trueup agent enroll --server URL --code ${made.code}`);
  return EXIT.ok;
}

/** `trueup site revoke NAME`: ends the token, the key and the code of a site. */
export async function revoke(name: string, client: Client, output: Output): Promise<number> {
  const agent = await client.post(`/sites/${encodeURIComponent(name)}/revoke`, SiteAgent);
  output.document(agent);
  output.line(`nothing of the agent of ${name} is believed any more`);
  return EXIT.ok;
}
