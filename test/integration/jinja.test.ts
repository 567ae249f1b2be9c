import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { InvalidInput } from '../../src/model/errors.ts';
import type { Value } from '../../src/plan/yaml/node.ts';
import { compileTemplate, type Template } from '../../src/render/template/template.ts';
import { generateDumpCase, generateRegexCase } from '../support/jinja-fuzz.ts';
import { Random } from '../support/jinja-random.ts';
import { generateContext, OTHERS, TemplateGenerator } from '../support/jinja-templates.ts';
import { encodeContext, findJinja, Jinja, type JinjaAnswer } from '../support/jinja.ts';

/** How many templates to compare; `npm run fuzz:jinja` is a thorough run. The seed is printed. */
const cases = Number(process.env['TRUEUP_JINJA_CASES'] ?? 600);
/** The same cases each time; any other seed does too. */
const seed = Number(process.env['TRUEUP_JINJA_SEED'] ?? 1_270_714_350);
const timeout = Math.max(180_000, cases * 100);

const found = findJinja();
const loaded = new Map<string, Template>(
  Object.entries(OTHERS).map(([name, source]) => [name, compileTemplate(name, source)]),
);
const load = (name: string): Template | undefined => loaded.get(name);

/** What Python's own `re` does not finish: nothing to compare with. */
const endless = /^TimeoutError: /;
/** Filters of a collection that may not be installed beside Ansible, or of newer versions of it. */
const missing = /No filter named '(?:ipaddr|ipv4|ipv6|ipwrap|ipsubnet|nthhost|ipmath|normpath)'/;

interface Case {
  template: string;
  context: Map<string, Value>;
}

/** What we make of a case: its text, or why not. Rendering and tracing must agree. */
function ours({ template, context }: Case): JinjaAnswer {
  try {
    const compiled = compileTemplate('t.j2', template);
    const text = compiled.render(context, { load });
    const trace = compiled.trace(context, { load });
    // Both ways must give one text: what is traced is shown where they do not.
    return { text: trace.text === text ? text : `traced as ${trace.text}` };
  } catch (error) {
    if (error instanceof InvalidInput) return { error: error.message };
    throw error;
  }
}

describe.skipIf(found.reason !== undefined)(
  `templates render as in Jinja2 (${found.reason ?? 'found'})`,
  () => {
    let jinja: Jinja;

    beforeAll(async () => {
      jinja = new Jinja(found.python ?? '');
      const versions = await jinja.versions();
      process.stdout.write(`seed ${seed}, ${cases} templates, ${JSON.stringify(versions)}\n`);
    });
    afterAll(() => jinja.close());

    /** Makes cases with a generator and compares; gives how many of them both render. */
    async function compare(count: number, make: (random: Random) => Case): Promise<number> {
      const random = new Random(seed);
      let alike = 0;
      const wrong: unknown[] = [];
      for (let done = 0; done < count; done += 100) {
        const batch = Array.from({ length: Math.min(100, count - done) }, () => make(random));
        const theirs = await Promise.all(
          batch.map((one) => jinja.render({ ...one, others: OTHERS })),
        );
        for (const [i, one] of batch.entries()) {
          const mine = ours(one);
          // Refusing what Jinja2 renders is allowed, and the other way about is not.
          const fault = theirs[i]?.error ?? '';
          if (mine.text === undefined || missing.test(fault) || endless.test(fault)) continue;
          if (mine.text === theirs[i]?.text) alike += 1;
          else
            wrong.push({
              seed,
              ...one,
              context: encodeContext(one.context),
              ours: mine,
              theirs: theirs[i],
            });
        }
      }
      expect(wrong).toEqual([]);
      return alike;
    }

    test('generated templates', { timeout }, async () => {
      const alike = await compare(cases, (random) => ({
        context: generateContext(random),
        template: new TemplateGenerator(random).template(),
      }));
      expect(alike).toBeGreaterThan(cases / 4);
    });

    test('regular expressions', { timeout }, async () => {
      expect(await compare(cases, generateRegexCase)).toBeGreaterThan(cases / 4);
    });

    test('values written as JSON, YAML and text', { timeout }, async () => {
      expect(await compare(cases, generateDumpCase)).toBeGreaterThan(cases / 2);
    });
  },
);
