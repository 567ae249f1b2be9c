/** How a text may be written in YAML: libyaml's `analyze_scalar`, which Ansible's dumper goes by. */
export interface ScalarAnalysis {
  multiline: boolean;
  flowPlain: boolean;
  blockPlain: boolean;
  singleQuoted: boolean;
}

const breaks = new Set(['\n', '\r', '\x85', '\u2028', '\u2029']);
const blanks = new Set([' ', '\t', '\0', ...breaks]);
const leading = new Set('#,[]{}&*!|>\'"%@`');

export function isBreak(character: string | undefined): boolean {
  return character !== undefined && breaks.has(character);
}

/** What libyaml writes as it is. Characters above U+FFFF are not among them. */
export function isPrintable(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    code === 0x0a ||
    (code >= 0x20 && code <= 0x7e) ||
    (code >= 0xa0 && code < 0xd800) ||
    (code >= 0xe000 && code < 0xfffe && code !== 0xfeff)
  );
}

/** Which indicators of YAML stand in a text, where they would mean something. */
function indicators(characters: readonly string[]): { flow: boolean; block: boolean } {
  const text = characters.slice(0, 3).join('');
  let flow = text === '---' || text === '...';
  let block = flow;
  let afterBlank = true;
  for (const [i, character] of characters.entries()) {
    const next = characters[i + 1];
    const beforeBlank = next === undefined || blanks.has(next);
    if (i === 0 && leading.has(character)) {
      flow = block = true;
    } else if (character === '?' || character === ':') {
      flow = true;
      if (beforeBlank && (i === 0 || character === ':')) block = true;
    } else if (i === 0 && character === '-' && beforeBlank) {
      flow = block = true;
    } else if (i > 0 && ',[]{}'.includes(character)) {
      flow = true;
    } else if (character === '#' && afterBlank) {
      flow = block = true;
    }
    afterBlank = blanks.has(character);
  }
  return { flow, block };
}

function isSpace(character: string): boolean {
  return character === ' ';
}

/** Analyses a text that is not empty, given as its characters. */
export function analyzeScalar(characters: readonly string[]): ScalarAnalysis {
  const { flow, block } = indicators(characters);
  const last = characters.length - 1;
  const edge = (i: number): boolean => characters[i] === ' ' || isBreak(characters[i]);
  const follows = (before: (c: string) => boolean, after: (c: string) => boolean): boolean =>
    characters.some((c, i) => i > 0 && after(c) && before(characters[i - 1] ?? ''));
  const multiline = characters.some(isBreak);
  const breakThenSpace = follows(isBreak, isSpace);
  const spaceThenBreak = follows(isSpace, isBreak);
  const special = !characters.every(isPrintable);
  const unquoted = !(
    edge(0) ||
    edge(last) ||
    breakThenSpace ||
    spaceThenBreak ||
    special ||
    multiline
  );
  return {
    multiline,
    flowPlain: unquoted && !flow,
    blockPlain: unquoted && !block,
    singleQuoted: !(breakThenSpace || spaceThenBreak || special),
  };
}
