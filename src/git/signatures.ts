import { GitError, presentable } from './errors.ts';
import { assertObjectId } from './names.ts';
import type { Repository } from './repository.ts';

/** Whose signatures on commits are trusted. */
export interface Signers {
  /** File of SSH keys, as git's `gpg.ssh.allowedSignersFile` has it; empty: no SSH signature counts. */
  allowedSigners: string;
  /** Folder with an OpenPGP keyring that holds nothing but trusted keys; empty: no such signature counts. */
  openpgpHome: string;
}

/**
 * What is wrong with a commit's signature, in words that follow a colon; undefined if it is one of a trusted key.
 * Judged by `git verify-commit`: SSH keys by their validity in the allowed-signers file, at the commit's time.
 */
export async function signatureFault(
  repository: Repository,
  commit: string,
  signers: Signers,
): Promise<string | undefined> {
  assertObjectId(commit);
  const { allowedSigners, openpgpHome } = signers;
  const { stdout } = await repository.run(['cat-file', 'commit', commit], { maxOutput: 2 ** 20 });
  const kind = /^gpgsig(?:-sha256)? -----BEGIN (SSH|PGP) SIGNATURE-----$/m.exec(
    stdout.toString('latin1').split('\n\n', 1)[0]!,
  )?.[1];
  if (kind === undefined) return 'it has no signature by SSH or OpenPGP';
  if (kind === 'SSH' && allowedSigners === '') return 'signatures by SSH are not trusted here';
  if (kind === 'PGP' && openpgpHome === '') return 'signatures by OpenPGP are not trusted here';
  const { exitCode, stderr } = await repository.run(['verify-commit', '--raw', commit], {
    exitCodes: [0, 1, 128],
    settings: [['gpg.ssh.allowedSignersFile', allowedSigners || '/dev/null']],
    env: { GNUPGHOME: openpgpHome || '/dev/null' },
  });
  if (exitCode === 0) {
    if (kind === 'SSH') return undefined;
    return /^\[GNUPG:\] VALIDSIG /m.test(stderr) &&
      !/^\[GNUPG:\] (?:EXPKEYSIG|REVKEYSIG|EXPSIG) /m.test(stderr)
      ? undefined
      : 'its signature is of a key that is expired or revoked';
  }
  if (exitCode === 128) throw new GitError('verify-commit', exitCode, stderr);
  return reasonOf(stderr);
}

/** The line that says most to people. */
function reasonOf(stderr: string): string {
  if (/NO_PUBKEY|No principal matched|no principal matched/.test(stderr))
    return 'its signature is of a key that is not trusted';
  if (/BADSIG|incorrect signature|Could not verify/.test(stderr)) return 'its signature is wrong';
  if (/EXPKEYSIG|EXPSIG|REVKEYSIG/.test(stderr))
    return 'its key or signature is expired or revoked';
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return presentable(line) || 'git does not say why';
}
