import type { Plan } from '../../plan/plan.ts';
import { decodeUtf8 } from '../../plan/yaml/parse.ts';

/** The text of a template of the plan, as it was compiled. */
export function templateText(plan: Plan, path: string): string {
  const file = plan.files.get(path);
  return (file && decodeUtf8(path, file.content).text) ?? '';
}
