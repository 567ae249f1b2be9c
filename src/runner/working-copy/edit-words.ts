/** The line that says what a commit of ours records; an operator's words stand before it. */
const RECORD = /^Edit .+ at \S+$/gm;

/**
 * The message of a commit that records what was edited at a site.
 * @param words why, as the operator says it; empty: nobody said
 */
export function editMessage(site: string, paths: readonly string[], words = ''): string {
  const what = paths.length === 1 ? paths[0]! : `${paths.length} files`;
  const said = words.trim();
  return `${said === '' ? '' : `${said}\n\n`}Edit ${what} at ${site}\n\n${paths.join('\n')}\n`;
}

/** The operator's own words in the message of a commit at a site; empty where there are none. */
export function wordsOf(message: string): string {
  const record = [...message.matchAll(RECORD)].at(-1);
  return message.slice(0, record?.index).trim();
}
