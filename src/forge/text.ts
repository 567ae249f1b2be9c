import type { CommitStatus } from './forge.ts';

/** What every forge's text goes through, so that each of them keeps the same of it. Lengths are UTF-16 code units. */

/** GitHub's limits; it counts code points, which are never more. */
const TITLE_LIMIT = 256;
const BODY_LIMIT = 65_536;

const SHORTENED = '*This text was too long for a pull request and has been shortened here.*';

/** GitHub's limits for a commit status. */
const STATUS_CONTEXT_LIMIT = 255;
const STATUS_DESCRIPTION_LIMIT = 140;

/** Comments are found again by this line at their beginning. */
const MARKER = /^[a-zA-Z0-9]+(?:[-./_][a-zA-Z0-9]+)*$/;

// Control characters are what these patterns are for.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;
// oxlint-disable-next-line no-control-regex
const CONTROL_IN_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** One line of at most `limit` code units; what is cut off is shown as an ellipsis. */
export function fitLine(text: string, limit: number): string {
  const line = text.toWellFormed().replaceAll(CONTROL, ' ').trim();
  return line.length <= limit ? line : `${sliceWhole(line, limit - 1)}…`;
}

/** A title as forges take it. */
export function fitTitle(title: string): string {
  return fitLine(title, TITLE_LIMIT);
}

/**
 * Markdown of at most `limit` code units. What is too long ends at a line's end, with code fences and folds closed
 * and a sentence that says so. Line ends become LF, other control characters but tabs are left out.
 */
export function fitBody(body: string, limit = BODY_LIMIT): string {
  const text = body.toWellFormed().replaceAll(/\r\n?/g, '\n').replaceAll(CONTROL_IN_TEXT, '');
  if (text.length <= limit) return text;
  // Closing costs room as well; more than this is left open rather than losing more of the text.
  const room = limit - SHORTENED.length - 500;
  const head = sliceWhole(text, room);
  const lineEnd = head.lastIndexOf('\n');
  const kept = lineEnd > room / 2 ? head.slice(0, lineEnd) : head;
  return `${kept}${closing(kept).slice(0, 490)}\n\n${SHORTENED}`;
}

/** A commit status as forges take it. */
export function fitStatus(status: CommitStatus): CommitStatus {
  return {
    ...status,
    context: fitLine(status.context, STATUS_CONTEXT_LIMIT),
    description: fitLine(status.description, STATUS_DESCRIPTION_LIMIT),
  };
}

/** The body of the comment that `marker` names. */
export function markedBody(marker: string, body: string): string {
  const mark = `${markerLine(marker)}\n`;
  return mark + fitBody(body, BODY_LIMIT - mark.length);
}

/** The hidden line that a marked comment begins with. Throws as `checkMarker` does. */
export function markerLine(marker: string): string {
  checkMarker(marker);
  return `<!-- trueup:${marker} -->`;
}

/** A comment's text without the marker's line, which counts only where the comment is `ours`. */
export function readMarked(text: string, ours: boolean): { body: string; marker?: string } {
  const [line, marker] = (ours && /^<!-- trueup:(\S+) -->\n/.exec(text)) || [];
  return marker === undefined ? { body: text } : { body: text.slice(line!.length), marker };
}

/** Throws if the marker could break out of the comment that hides it. */
export function checkMarker(marker: string): void {
  if (MARKER.test(marker)) return;
  throw new Error(`"${marker}" can't mark a comment: use words joined by - . / or _`);
}

/** What the commit says that merges a pull request. */
export function mergeMessage(
  pull: { number: number; title: string },
  decidedBy: string,
): { subject: string; body: string } {
  return {
    subject: `Merge pull request #${pull.number}: ${pull.title}`,
    body: `Decided-by: ${fitLine(decidedBy, 200)}`,
  };
}

/** The beginning of a text, no surrogate pair cut in two. */
function sliceWhole(text: string, length: number): string {
  const cut = text.slice(0, Math.max(0, length));
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** What closes the code fence and the folds that a cut text leaves open. */
function closing(markdown: string): string {
  let fence = '';
  let folds = 0;
  for (const line of markdown.split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence === '') {
      if (mark) fence = mark[1]!;
      else folds += foldsIn(line);
    } else if (mark?.[1]!.startsWith(fence) && mark[2]!.trim() === '') {
      fence = '';
    }
  }
  return (fence && `\n${fence}`) + '\n</details>'.repeat(Math.max(0, folds));
}

/** Folds that a line opens, less those that it closes; in code there are none. */
function foldsIn(line: string): number {
  const text = line.replaceAll(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
  return text.split('<details').length - text.split('</details>').length;
}
