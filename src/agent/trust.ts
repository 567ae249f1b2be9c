import { trustFault } from '../bundle/allowed-keys.ts';
import { type AllowedKeys, parseAllowedKeys } from '../bundle/bundle.ts';
import { parseSshSignature, verifySsh } from '../git/ssh-signature.ts';
import { UserError } from '../model/errors.ts';

/**
 * The keys that the centre names from now on, where one of those that are trusted has signed their list.
 * @param now milliseconds since 1970
 * @returns the text to keep
 * @throws UserError where none has, or the list names no key
 */
export function trustedSigners(
  trusted: AllowedKeys,
  text: string,
  signatures: readonly string[],
  now: number,
): string {
  if (parseAllowedKeys(text, "the centre's list of keys").length === 0)
    throw new UserError("the centre's list of keys names none: the ones that are known are kept");
  const payload = Buffer.from(text);
  const believed = signatures.some((armored) => {
    const signature = parseSshSignature(armored);
    return (
      signature !== undefined &&
      signature.namespace === 'git' &&
      trustFault(trusted, signature.key, now) === undefined &&
      verifySsh(signature, payload)
    );
  });
  if (believed) return text;
  throw new UserError(
    'the centre signs with keys that none of the trusted ones vouches for: bring its list of keys by hand (`trueup agent trust FILE`)',
  );
}
