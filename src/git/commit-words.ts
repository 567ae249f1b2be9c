export interface Person {
  name: string;
  email: string;
}

/** `Name <email>`, without what would end it early: brackets, line breaks, other control characters. */
export function identity({ name, email }: Person): string {
  return `${harmless(name) || 'unknown'} <${harmless(email).replaceAll(' ', '') || 'unknown'}>`;
}

function harmless(text: string): string {
  return text
    .slice(0, 256)
    .replaceAll(/[<>\s\p{Cc}]+/gu, ' ')
    .trim();
}

/**
 * A time as commits hold it: whole seconds, in UTC.
 * @param time milliseconds since 1970
 * @throws TypeError if it is none
 */
export function commitDate(time: number): string {
  const seconds = Math.floor(time / 1000);
  if (!Number.isSafeInteger(seconds) || seconds < 0) throw new TypeError(`not a time: ${time}`);
  return `${seconds} +0000`;
}

/** A message as commits can hold it. */
export function commitMessage(message: string): string {
  return message.replaceAll('\0', '');
}
