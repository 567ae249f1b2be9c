import type { Fuel } from '../fuel.ts';
import { characters } from './text.ts';

/** `str.replace(from, to, count)`; a negative count is no limit. The result is paid for before it is made. */
export function replace(text: string, from: string, to: string, count: number, fuel: Fuel): string {
  const parts = from === '' ? ['', ...characters(text), ''] : text.split(from);
  fuel.spend(text.length + parts.length);
  const times = Math.min(count < 0 ? Infinity : count, parts.length - 1);
  fuel.spend(times * to.length);
  if (from !== '') {
    return [...parts.slice(0, times), ''].join(to) + parts.slice(times).join(from);
  }
  return [...parts.slice(0, times), ''].join(to) + parts.slice(times).join('');
}
