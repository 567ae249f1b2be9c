import { recommendedSet } from '../../src/backport/recommended.ts';
import { secretForms } from '../../src/model/redact.ts';
import { droppedEdits, falseClaims, shownText, wrongRadius } from './backport-laws.ts';
import { needlessLines } from './minimal-edit.ts';
import { PLANTED } from './random-plans.ts';
import type { Worked } from './rich-cases.ts';

export type EditLaw = 'PutGet' | 'Totality' | 'Blast radius' | 'Minimal edit' | 'Secrets';

/** Everything that breaks a law in an answer, each with the law's name. */
export function brokenLaws({
  plan,
  observed,
  result,
}: Pick<Worked, 'plan' | 'observed' | 'result'>): string[] {
  const broken: string[] = [];
  const tell = (law: EditLaw, faults: readonly string[]): void => {
    broken.push(...faults.map((fault) => `${law}: ${fault}`));
  };
  for (const proposal of result.proposals) {
    tell('PutGet', falseClaims(plan, result, observed, proposal));
    tell('Blast radius', wrongRadius(plan, proposal));
  }
  tell('Totality', droppedEdits(plan, result, observed));
  for (const { kind, edits } of recommendedSet(result))
    if (kind !== 'overlay') tell('Minimal edit', needlessLines(plan, edits));
  const shown = shownText(result);
  const told = [...secretForms(PLANTED.clear)].filter((form) => shown.includes(form));
  tell('Secrets', told);
  for (const { file, content } of result.proposals.flatMap((proposal) => proposal.edits)) {
    const before = plan.files.get(file);
    if (content !== null && before && vaults(content) !== vaults(before.content))
      tell('Secrets', [`the vault in ${file} is changed`]);
  }
  return broken;
}

function vaults(content: Buffer): string {
  return (content.toString().match(/!vault \|\n(?: +\S+\n?)+/g) ?? []).join('');
}
