import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { RENDERER_VERSION } from '../model/manifest.ts';
import { MANIFEST_PATH, sha256, type TreeFile } from '../model/tree.ts';
import { withManifest } from './manifest.ts';

const path = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.constantFrom('__proto__', 'toString', '10', '9', 'a"b', 'é/\u{1F600}', '\uFFFF'),
);
const file = fc.record({
  mode: fc.constantFrom('100644' as const, '100755' as const),
  content: fc.string().map((text): Buffer => Buffer.from(text)),
});

test('the manifest of any tree is the canonical JSON of what it says', () => {
  const about = {
    plan: 'edge "one"',
    revision: 'a'.repeat(40),
    generation: 7,
    run: {
      playbooks: ['b', 'a'],
      outputs: { z: { secret: true }, b: { secret: false } },
      secrets: [],
    },
  };
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(path, file), { selector: ([name]) => name }), (entries) => {
      const tree = new Map<string, TreeFile>(entries);
      const site = { site: 'lisbon-07', tree, digest: 'd' };
      const files = Object.fromEntries(
        entries.map(([name, { mode, content }]) => [name, { mode, sha256: sha256(content) }]),
      );
      const manifest = {
        ...about,
        site: site.site,
        digest: 'd',
        renderer: RENDERER_VERSION,
        files,
      };
      const issued = withManifest(site, about).get(MANIFEST_PATH)!;
      expect(issued.content.toString()).toBe(canonicalize(manifest));
    }),
  );
});
