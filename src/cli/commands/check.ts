import { PreviewDetail } from '../../server/wire.ts';
import type { Client } from '../client.ts';
import { EXIT, type Output } from '../output.ts';

/**
 * `trueup check NUMBER`: asks for a check run of a pull request.
 * @param commit the commit that was read; whole for one from a fork
 */
export async function check(
  number: string,
  commit: string | undefined,
  client: Client,
  output: Output,
): Promise<number> {
  const path = `/previews/${encodeURIComponent(number)}`;
  const preview = await client.post(
    `${path}/check`,
    PreviewDetail,
    commit ? { commit } : undefined,
  );
  output.document(preview);
  output.line(`#${preview.number} is checked at ${preview.head.slice(0, 12)}`);
  output.line(`see GET /api/v1${path}, or its page, for what becomes of it`);
  return EXIT.ok;
}
