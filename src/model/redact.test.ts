import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { MASK, Redactor, secretForms } from './redact.ts';

const secret = `p@ss/w"or'd $1`;

test('a secret is masked as it stands, and nothing else is touched', () => {
  const redactor = new Redactor(['hunter22']);
  expect(redactor.redact('user=root password=hunter22 host=a')).toBe(
    `user=root password=${MASK} host=a`,
  );
  expect(redactor.redact('hunter2 is another one')).toBe('hunter2 is another one');
});

test.each([
  ['JSON', JSON.stringify({ a: secret })],
  ['URL', `https://u:${encodeURIComponent(secret)}@host/`],
  ['query', new URLSearchParams({ q: secret }).toString()],
  ['shell', `echo '${secret.replaceAll("'", `'\\''`)}'`],
  ['YAML', `key: '${secret.replaceAll("'", "''")}'`],
  ['base64', Buffer.from(secret).toString('base64')],
  ['basic authentication', Buffer.from(`admin:${secret}`).toString('base64')],
  ['base64 inside more', Buffer.from(`{"pw":${JSON.stringify(secret)}}`).toString('base64')],
])('%s encoding of a secret is masked', (_name, text) => {
  const redacted = new Redactor([secret]).redact(text);
  expect(redacted).toContain(MASK);
  for (const form of secretForms(secret)) expect(redacted).not.toContain(form);
});

test('each line of a secret that has several is masked where it stands alone', () => {
  const redactor = new Redactor(['-----BEGIN KEY-----\nc2VjcmV0LWtleQ\n-----END KEY-----\n']);
  expect(redactor.redact('+c2VjcmV0LWtleQ\n+other')).toBe(`+${MASK}\n+other`);
});

test('short secrets are masked as words only, blank ones not at all', () => {
  const redactor = new Redactor(['42', '', '  \n']);
  expect(redactor.redact('pin: 42, port: 4242, "42"')).toBe(`pin: ${MASK}, port: 4242, "${MASK}"`);
  expect(new Redactor(['']).redact('as it is')).toBe('as it is');
});

test('overlapping and nested secrets are masked as one', () => {
  expect(new Redactor(['abcdef', 'defghi', 'cdef']).redact('<abcdefghi>')).toBe(`<${MASK}>`);
});

test('property, law 11: no form of any secret is left in any text made of them', () => {
  const secrets = fc.array(fc.string({ minLength: 4, maxLength: 12, unit: 'grapheme' }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(secrets, fc.array(fc.string({ maxLength: 6 })), (values, filler) => {
      const kept = values.filter((value) => value.trim().length >= 4 && !value.includes('•'));
      const forms = kept.flatMap((value) => [...secretForms(value)]);
      const text = forms.map((form, i) => form + (filler[i % filler.length] ?? ' ')).join('');
      const redacted = new Redactor(kept).redact(text);
      for (const form of forms) expect(redacted).not.toContain(form);
    }),
  );
});
