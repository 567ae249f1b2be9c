import { expect, test } from 'vitest';

import { inWindows, readWindows } from './windows.ts';

/** Monday is the 23rd. */
const at = (day: number, time: string) => Date.parse(`2026-11-${day}T${time}:00Z`);
const open = (text: string, time: number, zone = 'UTC') => inWindows(readWindows(text), time, zone);

test('no window is always', () => {
  expect(open('', at(23, '03:00'))).toBe(true);
});

test('days and hours, the end not among them', () => {
  const office = 'mon-fri 08:00-18:00, sat 09:00-12:00';
  expect(open(office, at(23, '08:00'))).toBe(true);
  expect(open(office, at(23, '17:59'))).toBe(true);
  expect(open(office, at(23, '18:00'))).toBe(false);
  expect(open(office, at(27, '12:00'))).toBe(true);
  expect(open(office, at(28, '08:59'))).toBe(false);
  expect(open(office, at(28, '09:00'))).toBe(true);
  expect(open(office, at(29, '10:00'))).toBe(false);
});

test('over midnight, into the next day', () => {
  expect(open('fri 22:00-04:00', at(27, '23:00'))).toBe(true);
  expect(open('fri 22:00-04:00', at(28, '03:59'))).toBe(true);
  expect(open('fri 22:00-04:00', at(28, '22:30'))).toBe(false);
  expect(open('22:00-04:00', at(23, '01:00'))).toBe(true);
});

test('over the end of the week', () => {
  expect(open('fri-mon 10:00-11:00', at(29, '10:30'))).toBe(true);
  expect(open('fri-mon 10:00-11:00', at(24, '10:30'))).toBe(false);
  expect(open('00:00-24:00', at(24, '23:59'))).toBe(true);
});

test('hours are those of the time zone', () => {
  expect(open('mon 08:00-09:00', at(23, '07:30'), 'Europe/Madrid')).toBe(true);
  expect(open('mon 08:00-09:00', at(23, '08:30'), 'Europe/Madrid')).toBe(false);
});

test.each(['always', 'mon-fri', 'moo 08:00-09:00', '25:00-26:00', '08:70-09:00', 'mon 8-9'])(
  '%s is refused',
  (text) => {
    expect(() => readWindows(text)).toThrow('is no time of the week');
  },
);
