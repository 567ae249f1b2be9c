/** A value as JSON has it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Characters of one gathered value as JSON, and of all that one run gathers. */
export const MAX_OUTPUT = 32_768;
export const MAX_OUTPUTS = 131_072;
/** Maps and lists within each other in a gathered value. */
export const MAX_OUTPUT_DEPTH = 20;

/** What a run is to gather, by name. */
export interface OutputRule {
  /** It must come as vault text or as a reference, never in the clear. */
  secret: boolean;
}

/** Why a value that a run gathered does not count; the one before it stays. */
export interface OutputFault {
  name: string;
  reason: string;
}

const VAULT_TEXT = /^\$ANSIBLE_VAULT;\d\.\d;AES256(?:;[\w.-]+)?\r?\n(?:[0-9a-f]+\r?\n?)+$/;
const VAULT_REFERENCE = /^vault:[\w./-]+#[\w.-]+$/;

/** Whether a text is what Ansible's vault made of a secret. */
export function isVaultText(text: string): boolean {
  return VAULT_TEXT.test(text);
}

/** Whether a gathered value may stand for a secret: vault text, or a reference to where the secret is kept. */
export function isSecretReference(value: Json): boolean {
  return typeof value === 'string' && (isVaultText(value) || VAULT_REFERENCE.test(value));
}
