import type { Forge, PullRequest, PullRequestComment } from '../forge/forge.ts';

/** The label that asks for a check run. */
export const CHECK_LABEL = 'trueup/check';
const COMMAND = /^[ \t]*\/trueup check(?:[ \t]+([0-9a-f]{7,64}))?[ \t]*$/m;

/** As much of a forge as it takes to know who asks. */
type People = Pick<Forge, 'listComments' | 'permissionOf' | 'labelledBy'>;

/** Somebody asks for a check run, and may; or may not, with the reason in words for them. */
export type Ask = { by: string; refused?: string };

/**
 * Whether somebody asks for a check run of a pull request: it runs what the pull request holds, here and at hosts,
 * and so only those may ask who could merge it. For a fork's code they have to name the commit that they have read.
 * @param lastAsk the newest comment that was answered already
 */
export async function findAsk(
  forge: People,
  pull: PullRequest,
  lastAsk: string | null,
): Promise<{ ask?: Ask; lastAsk: string | null }> {
  const comments = await forge.listComments(pull.number);
  const at = comments.findIndex(({ id }) => id === lastAsk);
  const asking = comments.slice(at + 1).filter(isCommand);
  const newest = asking.at(-1)?.id ?? lastAsk;
  for (const comment of asking.toReversed()) {
    // What others ask for is nobody's answer, so that strangers cannot make us write.
    if (!(await mayWrite(forge, comment.author))) continue;
    return { ask: askOf(comment, pull), lastAsk: newest };
  }
  const ask = await labelAsk(forge, pull);
  return { ...(ask ? { ask } : {}), lastAsk: newest };
}

function isCommand({ body, marker }: PullRequestComment): boolean {
  return marker === undefined && COMMAND.test(body);
}

function askOf({ author, body }: PullRequestComment, { head, fork }: PullRequest): Ask {
  const commit = COMMAND.exec(body)?.[1];
  if (commit !== undefined && !head.startsWith(commit)) {
    return {
      by: author,
      refused: `it is at \`${head.slice(0, 12)}\` by now, not at the commit that was named`,
    };
  }
  // Two commits with the same first digits are made in seconds: the one that was read must be named in full.
  if (fork && commit !== head) return { by: author, refused: forkText(head) };
  return { by: author };
}

/** A label counts from who may write: on some forges others may label. */
async function labelAsk(forge: People, pull: PullRequest): Promise<Ask | undefined> {
  const { number, labels, fork, head } = pull;
  if (!labels.some((label) => label.toLowerCase() === CHECK_LABEL)) return undefined;
  const by = `the label ${CHECK_LABEL}`;
  if (fork) return { by, refused: forkText(head) };
  const account = await forge.labelledBy(number, CHECK_LABEL);
  if (account !== undefined && (await mayWrite(forge, account))) return { by: account };
  return {
    by,
    refused: `it was not put on by an account that may write here, as far as is known: somebody who may has to ask for it by the comment \`/trueup check\``,
  };
}

function forkText(head: string): string {
  return `it comes from a fork, and a check run would run its code. Whoever may write here and has read it says so by the comment \`/trueup check ${head}\``;
}

async function mayWrite(forge: People, account: string): Promise<boolean> {
  const permission = await forge.permissionOf(account);
  return permission === 'write' || permission === 'admin';
}
