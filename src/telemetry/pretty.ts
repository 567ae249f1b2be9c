const COLORS: Record<string, number> = { fatal: 31, error: 31, warn: 33, info: 32 };
const DIM = 90;

/** Text that can stand in a line as it is; anything else is quoted, control characters escaped. */
const PLAIN = /^[\p{L}\p{N}_.,:;/@+*•…→#()<>=%-]+$/u;
// Control characters, also those of the second half that terminals obey, are what this pattern is for.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/**
 * A log record as a line for people: `12:30:05 info message key=value`, the stack of an error on lines below. What
 * a record says cannot pass for another line or steer the terminal.
 * @param line one JSON document, as the logger writes it
 */
export function prettyLine(line: string, color: boolean): string {
  const record: unknown = JSON.parse(line);
  if (!isRecord(record)) return line;
  const { level, time, message, err, ...rest } = record;
  const paint = (code: number | undefined, text: string) =>
    color && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
  const fields = Object.entries(rest).map(
    ([key, value]) => `${paint(DIM, `${key}=`)}${fieldText(value)}`,
  );
  const words = [
    paint(DIM, String(time).slice(11, 19)),
    paint(COLORS[String(level)] ?? DIM, String(level)),
    typeof message === 'string' ? escapeControl(message) : '',
    ...fields,
  ];
  return `${words.join(' ')}\n${stackLines(err)}`;
}

function fieldText(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return value;
  return escapeControl(JSON.stringify(value));
}

function stackLines(error: unknown): string {
  if (!isRecord(error) || typeof error['stack'] !== 'string') return '';
  return error['stack']
    .split('\n')
    .map((line) => `    ${escapeControl(line)}\n`)
    .join('');
}

function escapeControl(text: string): string {
  return text.replaceAll(
    CONTROL,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
