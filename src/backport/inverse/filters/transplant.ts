/** How much of a text's surroundings is looked for to find where something was inserted. */
const CONTEXT = 12;

/**
 * Inputs for a filter that changes a text only a little: what changed in its output from `output` to `wanted` is
 * changed at the same place of its `input`.
 */
export function transplants(input: string, output: string, wanted: string): string[] {
  const { start, before, after } = difference(output, wanted);
  const found: string[] = [];
  if (input.length === output.length) {
    found.push(input.slice(0, start) + after + input.slice(start + before.length));
  }
  const at = before === '' ? -1 : placeOf(input, before);
  if (at >= 0) found.push(input.slice(0, at) + after + input.slice(at + before.length));
  for (let size = before === '' ? Math.min(CONTEXT, start) : 0; size > 0; size -= 1) {
    const context = placeOf(input, output.slice(start - size, start));
    if (context < 0) continue;
    const end = context + size;
    found.push(input.slice(0, end) + after + input.slice(end));
    break;
  }
  // A change within a word may be seen only with the word around it.
  const word = widened(output, wanted, start, before, after);
  const place = word ? placeOf(input, word.before) : -1;
  if (word && place >= 0) {
    found.push(input.slice(0, place) + word.after + input.slice(place + word.before.length));
  }
  return [...new Set(found)];
}

/** The one stretch in which two texts differ. */
export function difference(
  old: string,
  now: string,
): { start: number; before: string; after: string } {
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  const most = Math.min(old.length, now.length) - start;
  while (end < most && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  return {
    start,
    before: old.slice(start, old.length - end),
    after: now.slice(start, now.length - end),
  };
}

function widened(
  output: string,
  wanted: string,
  start: number,
  before: string,
  after: string,
): { before: string; after: string } | undefined {
  const left = /\w*$/.exec(output.slice(0, start))?.[0] ?? '';
  const right = /^\w*/.exec(output.slice(start + before.length))?.[0] ?? '';
  if (left + right === '') return undefined;
  const tail = wanted.slice(start + after.length, start + after.length + right.length);
  return { before: left + before + right, after: left + after + tail };
}

/** Where a part stands in a text, once only; in any case of its letters if not as it is. */
function placeOf(text: string, part: string): number {
  const exact = text.indexOf(part);
  if (exact >= 0) return exact === text.lastIndexOf(part) ? exact : -1;
  const [all, some] = [text.toLowerCase(), part.toLowerCase()];
  const found = all.length === text.length ? all.indexOf(some) : -1;
  return found >= 0 && found === all.lastIndexOf(some) ? found : -1;
}
