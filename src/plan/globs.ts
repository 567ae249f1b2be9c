import picomatch from 'picomatch';

import { messageOf, UserError } from '../model/errors.ts';
import { quoted } from './shape.ts';

/** A file system's rules do not apply: a leading dot is nothing special, and what cannot match is a fault. */
const OPTIONS: picomatch.PicomatchOptions = { dot: true, strictBrackets: true, nonegate: true };
const MAX_LENGTH = 1000;
/** What picomatch gives for a pattern that no engine can compile. */
const NOTHING = /$^/;

/**
 * A test for paths of a site tree: `*` within a part, `**` over parts, `?`, `[a-z]`, `{a,b}`.
 * @throws UserError if the glob cannot be read
 */
export function pathGlob(glob: string): (path: string) => boolean {
  const fault = (why: string): UserError =>
    new UserError(`the glob ${quoted(glob)} cannot be read: ${why}`);
  if (glob === '' || glob.trim() !== glob) throw fault('it is empty or has spaces around it');
  if (glob.length > MAX_LENGTH) throw fault(`it is longer than ${MAX_LENGTH} characters`);
  let pattern: RegExp;
  try {
    pattern = picomatch.makeRe(glob, OPTIONS);
  } catch (error) {
    throw fault(messageOf(error));
  }
  if (String(pattern) === String(NOTHING)) throw fault('it can match nothing');
  return (path) => pattern.test(path);
}

/**
 * A test for dotted parameter paths (`kernel.hugepages`): as `pathGlob`, with dots between the parts;
 * `kernel.**` is also `kernel` itself.
 * @throws UserError if the glob cannot be read
 */
export function paramGlob(glob: string): (path: string) => boolean {
  const matches = pathGlob(glob.replaceAll('.', '/'));
  return (path) => matches(path.replaceAll('.', '/'));
}
