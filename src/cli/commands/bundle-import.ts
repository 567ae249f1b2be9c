import { BUNDLE_MEDIA_TYPE, ReturnAnswer } from '../../model/agent-wire.ts';
import { UserError } from '../../model/errors.ts';
import { readWords } from '../bundle-file.ts';
import type { Client } from '../client.ts';
import { EXIT, type Output, styled } from '../output.ts';
import { importBundle as importAtSite } from './agent-ask.ts';

export interface ImportOptions {
  /** Data directory of the site's agent. */
  data: string;
  /** The site it has to be of; the one that the bundle names unless given. */
  site?: string;
}

/**
 * `trueup bundle import FILE`: hands a bundle that was carried to whom it is for: one from a site to the controller,
 * one for a site to the agent here. Throws `UserError` with the reason where it is refused.
 */
export async function importBundle(
  file: string,
  options: ImportOptions,
  client: () => Promise<Client>,
  output: Output,
): Promise<number> {
  const words = await readWords(file);
  if (words.fault) throw words.fault;
  if (words.kind === 'desired') return importAtSite(file, { data: options.data }, output);
  const site = options.site ?? words.site;
  if (site === undefined)
    throw new UserError(`${file} does not say which site it is of: name it with --site`);
  const controller = await client();
  const answer = await controller.upload(
    `/sites/${encodeURIComponent(site)}/bundle`,
    file,
    BUNDLE_MEDIA_TYPE,
    ReturnAnswer,
  );
  output.document(answer);
  output.line(
    answer.accepted
      ? `${styled('green', 'taken in')}: what ${site} observed and did, number ${answer.sequence}`
      : `the controller has something newer of ${site} already (number ${answer.sequence}): nothing was changed`,
  );
  return EXIT.ok;
}
