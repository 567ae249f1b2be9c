/** What stands in a secret's place. */
export const MASK = '•••';

/** Below this many characters a secret is masked only where it stands as a word of its own. */
const SHORTEST_ANYWHERE = 4;

/**
 * Removes secret values from text that people or other programs will see (law 11), also where they stand encoded:
 * JSON, URL, shell and YAML quoting, base64 at any alignment, and single lines of secrets that have several.
 * `src/ansible/python/trueup/redaction.py` does the same inside Ansible's process; a test holds the two together.
 */
export class Redactor {
  readonly #forms: readonly string[];
  readonly #words: RegExp | undefined;

  /** @param secrets Plain values; blank ones are ignored. */
  constructor(secrets: Iterable<string>) {
    const forms = new Set<string>();
    const words = new Set<string>();
    for (const secret of secrets) {
      const value = secret.trim();
      if (value === '') continue;
      if (value.length < SHORTEST_ANYWHERE) words.add(value);
      else for (const form of secretForms(value)) forms.add(form);
    }
    this.#forms = [...forms];
    if (words.size > 0) {
      const either = [...words].map((word) => RegExp.escape(word)).join('|');
      this.#words = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${either})(?![\\p{L}\\p{N}_])`, 'gu');
    }
  }

  /** The text with every secret in it replaced by {@link MASK}. */
  redact(text: string): string {
    // Matches are collected before any is replaced: secrets may overlap or contain one another.
    const matches: [start: number, end: number][] = [];
    for (const form of this.#forms) {
      for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) {
        matches.push([at, at + form.length]);
      }
    }
    if (this.#words) {
      for (const match of text.matchAll(this.#words)) {
        matches.push([match.index, match.index + match[0].length]);
      }
    }
    return matches.length === 0 ? text : maskRanges(text, matches);
  }
}

function maskRanges(text: string, ranges: [start: number, end: number][]): string {
  ranges.sort((a, b) => a[0] - b[0]);
  let result = '';
  let done = -1;
  for (const [start, end] of ranges) {
    if (start > done) result += text.slice(Math.max(done, 0), start) + MASK;
    done = Math.max(done, end);
  }
  return result + text.slice(done);
}

/** Every spelling under which a secret of four or more characters is looked for. */
export function secretForms(secret: string): Set<string> {
  const value = secret.trim().toWellFormed();
  const forms = new Set<string>();
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  for (const part of [value, ...lines]) {
    if (part.length < SHORTEST_ANYWHERE) continue;
    const json = JSON.stringify(part).slice(1, -1);
    const spellings = [
      part,
      json,
      ...quotedForms(part),
      asciiJson(json),
      json.replaceAll('/', '\\/'),
    ];
    for (const form of spellings) forms.add(form);
    for (const form of urlForms(part)) forms.add(form);
    for (const form of [...base64Forms(part), ...base64Forms(json)]) forms.add(form);
  }
  return forms;
}

function asciiJson(json: string): string {
  return json.replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function quotedForms(value: string): string[] {
  return [
    value.replaceAll("'", "''"), // YAML
    value.replaceAll("'", "\\'"), // Python
    value.replaceAll("'", "'\\''"), // shell
    value.replaceAll("'", `'"'"'`), // shell, as Python's shlex writes it
    value.replaceAll(/["$\\`]/g, '\\$&'), // shell, in double quotes
  ];
}

function urlForms(value: string): string[] {
  const loose = encodeURIComponent(value);
  const strict = loose.replaceAll(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return [loose, strict].flatMap((form) => {
    const query = form.replaceAll('%20', '+');
    return [form, query, lowerEscapes(form), lowerEscapes(query)];
  });
}

function lowerEscapes(form: string): string {
  return form.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}

/** The characters that the secret alone decides, for each way it can lie among the three-byte groups. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const first = Math.ceil((offset * 8) / 6);
    const end = Math.floor((padded.length * 8) / 6);
    const form = padded.toString('base64').slice(first, end);
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
