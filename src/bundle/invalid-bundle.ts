import { UserError } from '../model/errors.ts';

/** Why a bundle is refused, in a word for programs. */
export type BundleFault =
  | 'not-a-bundle'
  | 'object-format'
  | 'truncated'
  | 'corrupt'
  | 'too-large'
  | 'foreign-ref'
  | 'missing-ref'
  | 'missing-prerequisites'
  | 'foreign-objects'
  | 'unsigned'
  | 'untrusted-key'
  | 'bad-signature'
  | 'other-site'
  | 'older'
  | 'expired'
  | 'mismatch'
  | 'fsck'
  | 'bad-tree'
  | 'bad-report'
  | 'took-too-long';

/** A bundle that is refused. Nothing has changed. */
export class InvalidBundle extends UserError {
  override name = 'InvalidBundle';
  readonly reason: BundleFault;

  /** @param words a clause that follows a colon: `it is for the site porto, not lisbon` */
  constructor(reason: BundleFault, words: string) {
    super(`the bundle is refused: ${words}`);
    this.reason = reason;
  }
}
