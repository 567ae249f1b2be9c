import { expect, test } from 'vitest';

import { editMessage, wordsOf } from './edit-words.ts';

test('an edit without words says what it is of, and nobody’s words are read from it', () => {
  const message = editMessage('lisbon', ['a', 'b']);
  expect(message).toBe('Edit 2 files at lisbon\n\na\nb\n');
  expect(wordsOf(message)).toBe('');
  expect(editMessage('lisbon', ['a'])).toBe('Edit a at lisbon\n\na\n');
});

test('an operator’s words stand first, and are read again as they were', () => {
  const words = 'The uplink was swapped\n\nTicket 17, until Friday.';
  const message = editMessage('lisbon', ['a'], `${words}\n`);
  expect(message).toBe(`${words}\n\nEdit a at lisbon\n\na\n`);
  expect(wordsOf(message)).toBe(words);
});

test('a commit that was made by hand is all words', () => {
  expect(wordsOf('Swap the uplink\n')).toBe('Swap the uplink');
});
