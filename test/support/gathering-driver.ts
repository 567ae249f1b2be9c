import type { RunRequest } from '../../src/model/driver.ts';
import type { Json } from '../../src/model/outputs.ts';
import type { RunReport } from '../../src/model/run.ts';
import { FakeDriver } from './service.ts';
import { VAULT_TEXT } from './stacks-plan.ts';

/** What the playbooks of the control site of `stacksPlan` gather. */
export const GATHERED: Readonly<Record<string, Json>> = {
  api_vip: '192.0.2.10',
  token: VAULT_TEXT,
  unwanted: 'never-imported-value',
};

/** Gathers what it is told to, as far as it is asked for. */
export class GatheringDriver extends FakeDriver {
  values = GATHERED;

  override async run(request: RunRequest): Promise<RunReport> {
    const report = await super.run(request);
    if (report.result !== 'success') return report;
    const wanted = Object.keys(request.outputs ?? {}).filter((name) => name in this.values);
    const outputs = Object.fromEntries(wanted.map((name) => [name, this.values[name]!]));
    return { ...report, outputs };
  }
}
