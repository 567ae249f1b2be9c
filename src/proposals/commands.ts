import type { Forge, PullRequestComment } from '../forge/forge.ts';
import type { Option } from './choice.ts';

const CHOOSE = /^\/trueup choose (\d{1,3})\s*$/m;

/** What somebody asked for in a comment. */
export interface Command {
  /** The comment. */
  id: string;
  by: string;
  /** Name of the chosen option. */
  choice: string | undefined;
}

/**
 * The newest command in the comments of a pull request that was not obeyed yet. Only people who may merge it are
 * obeyed.
 * @param last the command that was obeyed last
 */
export async function newCommand(
  forge: Forge,
  number: number,
  last: string | null,
  ways: readonly Option[],
): Promise<Command | undefined> {
  const comments = await forge.listComments(number);
  const seen = comments.findLastIndex(({ id }) => id === last);
  for (const comment of comments.slice(seen + 1).toReversed()) {
    const wanted = wantedOption(comment);
    if (wanted === undefined) continue;
    const permission = await forge.permissionOf(comment.author);
    if (permission !== 'write' && permission !== 'admin') continue;
    return { id: comment.id, by: comment.author, choice: ways[wanted - 1]?.name };
  }
  return undefined;
}

function wantedOption({ marker, body }: PullRequestComment): number | undefined {
  // What we say ourselves is no command.
  const [, number] = (marker === undefined && CHOOSE.exec(body)) || [];
  return number === undefined ? undefined : Number(number);
}
