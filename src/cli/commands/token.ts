import { NewToken, Token } from '../../server/wire-agents.ts';
import type { Client } from '../client.ts';
import { EXIT, type Output, styled, table } from '../output.ts';

/** `trueup token create NAME --role ROLE`: the token is told this once. */
export async function createToken(
  name: string,
  role: string,
  client: Client,
  output: Output,
): Promise<number> {
  const made = await client.post('/tokens', NewToken, { name, role });
  output.document(made);
  output.line(made.token);
  return EXIT.ok;
}

/** `trueup token list` */
export async function listTokens(client: Client, output: Output): Promise<number> {
  const rows: Token[] = [];
  for await (const row of client.pages('/tokens', Token)) rows.push(row);
  output.document(rows);
  if (rows.length === 0) {
    output.line('no token was made');
    return EXIT.ok;
  }
  output.line(
    table(
      rows.map(({ name, role, createdAt, revokedAt }) => [
        name,
        role,
        createdAt,
        revokedAt === null ? '' : styled('dim', `revoked ${revokedAt}`),
      ]),
    ),
  );
  return EXIT.ok;
}

/** `trueup token revoke NAME` */
export async function revokeToken(id: string, client: Client, output: Output): Promise<number> {
  const token = await client.post(`/tokens/${encodeURIComponent(id)}/revoke`, Token);
  output.document(token);
  output.line(`${token.name} is worth nothing any more`);
  return EXIT.ok;
}
