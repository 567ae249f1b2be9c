import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  /** PEM. */
  key: string;
  cert: string;
  /** File with the certificate, which signed itself: who trusts it trusts the server. */
  authority: string;
}

/** Whether this machine has what makes certificates. */
export function canMakeCertificates(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Makes a certificate for 127.0.0.1 that no public authority has signed, as a company's server may have. */
export function makeCertificate(folder: string): Certificate {
  const [keyFile, authority] = [join(folder, 'server.key'), join(folder, 'authority.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  const names = ['-subj', '/CN=A forge', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-days', '2', '-keyout', keyFile, '-out', authority];
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, ...files], { stdio: 'pipe' });
  const made = { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(authority, 'utf8') };
  rmSync(keyFile);
  return { ...made, authority };
}
