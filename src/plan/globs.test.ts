import { expect, test } from 'vitest';

import { UserError } from '../model/errors.ts';
import { paramGlob, pathGlob } from './globs.ts';

test.each([
  ['files/motd', 'files/motd', true],
  ['files/*', 'files/motd', true],
  ['files/*', 'files/.hidden', true],
  ['files/*', 'files/a/b', false],
  ['files/**', 'files/a/b', true],
  ['**/*.conf', 'compute/files/a.conf', true],
  ['{a,b}/x', 'b/x', true],
  ['!files/motd', 'other', false],
])('%s on %s: %s', (glob, path, expected) => {
  expect(pathGlob(glob)(path)).toBe(expected);
});

test.each([
  ['kernel.**', 'kernel.modules.0', true],
  ['kernel.**', 'kernel', true],
  ['kernel.*', 'kernel.modules.0', false],
  ['*.password', 'db.password', true],
  ['kernel', 'kernels', false],
])('%s on the parameter %s: %s', (glob, path, expected) => {
  expect(paramGlob(glob)(path)).toBe(expected);
});

test.each(['', ' ', 'a/ ', '[a', '{a', '(a', '[z-a]', 'x'.repeat(1001)])('refuses %j', (glob) => {
  expect(() => pathGlob(glob)).toThrow(UserError);
  expect(() => paramGlob(glob)).toThrow(UserError);
});
