import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { Redactor, secretForms } from '../../src/model/redact.ts';

const packages = join(import.meta.dirname, '../../src/ansible/python');

/** Runs Python with our package at hand; `data` is there, and what `answer` is set to comes back. */
function python<S extends z.ZodType>(shape: S, code: string, data: unknown): z.infer<S> {
  const program = [
    'import json, sys',
    `sys.path.insert(0, ${JSON.stringify(packages)})`,
    'from trueup.diffs import DiffPrinter',
    'from trueup.redaction import Redactor, secret_forms',
    'data = json.loads(sys.stdin.read())',
    code,
    'print(json.dumps(answer))',
  ];
  const output = execFileSync('python3', ['-B', '-c', program.join('\n')], {
    input: JSON.stringify(data),
    encoding: 'utf8',
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  return shape.parse(JSON.parse(output));
}

const secrets = [
  'hunter22',
  `p@ss/w"or'd $1 \\ back\`tick`,
  'ümläut schlüssel 🔑',
  'first line\nsecond line\n  third\tline ',
  'a~b!c*d(e)f+g%20h',
];

test('Ansible’s side masks the same spellings as ours', () => {
  const theirs = python(
    z.array(z.array(z.string())),
    'answer = [sorted(secret_forms(s)) for s in data]',
    secrets,
  );
  expect(theirs.map((forms) => forms.toSorted(compare))).toEqual(
    secrets.map((secret) => [...secretForms(secret)].toSorted(compare)),
  );
});

test('property: both sides mask the same parts of any text', () => {
  const text = fc.string({
    maxLength: 12,
    unit: fc.constantFrom('a', 'b', '1', ' ', '=', '"', "'", '/', 'é', '\n'),
  });
  const cases = fc.sample(fc.tuple(fc.array(text, { maxLength: 3 }), fc.array(text)), {
    numRuns: 300,
    seed: 7,
  });
  const data = cases.map(([known, pieces]) => ({
    known,
    text: [...pieces, ...known].join(' '),
  }));
  const theirs = python(
    z.array(z.string()),
    'answer = [Redactor(d["known"]).redact(d["text"]) for d in data]',
    data,
  );
  expect(theirs).toEqual(data.map(({ known, text }) => new Redactor(known).redact(text)));
});

const diffs = {
  'text edited': {
    dest: '/etc/motd',
    diff: {
      before: 'a\nb\nc\n',
      after: 'a\nB\nc\n',
      before_header: '/etc/motd',
      after_header: 'x',
    },
  },
  'file made': {
    dest: '/etc/motd',
    diff: [
      { before: '', after: 'new', after_header: '/tmp/tmpxyz' },
      { before: {}, after: {} },
    ],
  },
  attributes: {
    path: '/etc/x',
    diff: {
      before: { path: '/etc/x', mode: '0644' },
      after: { path: '/etc/x', mode: '0600' },
    },
  },
  'secret changed': {
    diff: [{ before: 'x=1\npw=older\nz=1\n', after: 'x=1\npw=hunter22\nz=2\n' }],
  },
  'binary and large': { diff: [{ dst_binary: true, src_larger: 104448 }] },
  prepared: { diff: { prepared: '+ password hunter22\n' } },
  'nothing changed': { diff: { before: 'hunter22\n', after: 'hunter22\n' } },
  'no diff': {},
  'odd shape': { diff: ['text', 7, null] },
};

test('diffs of every shape become unified ones; the secret before a new one is masked too', () => {
  const answer = python(
    z.record(z.string(), z.tuple([z.string(), z.boolean()])),
    'p = DiffPrinter(Redactor(["hunter22"]), 4000)\nanswer = {k: p.format(v) for k, v in data.items()}',
    diffs,
  );
  expect(Object.fromEntries(Object.entries(answer).map(([key, [text]]) => [key, text]))).toEqual({
    'text edited': '--- /etc/motd\n+++ /etc/motd\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c',
    'file made': '--- absent\n+++ /etc/motd\n@@ -0,0 +1,1 @@\n+new  (no newline at end of file)',
    attributes: '--- /etc/x\n+++ /etc/x\n@@ -1,2 +1,2 @@\n-mode: 0644\n+mode: 0600\n path: /etc/x',
    'secret changed': '--- before\n+++ before\n@@ -1,3 +1,3 @@\n x=1\n-•••\n-•••\n+pw=•••\n+z=2',
    'binary and large': 'binary content before\ncontent after is larger than 104448 bytes',
    prepared: '+ password •••',
    'nothing changed': '',
    'no diff': '',
    'odd shape': '',
  });
});

test('a long diff is cut at a line, and says so', () => {
  const after = Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join('');
  const [text, cut] = python(
    z.tuple([z.string(), z.boolean()]),
    'answer = DiffPrinter(Redactor([]), 1000).format(data)',
    { diff: { before: '', after } },
  );
  expect(cut).toBe(true);
  expect(text.length).toBeLessThanOrEqual(1000);
  expect(text).toMatch(/\+line \d+$/);
});

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
