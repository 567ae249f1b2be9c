import { UserError } from './errors.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const WINDOW = /^(?:([a-z]{3})(?:-([a-z]{3}))? +)?(\d\d):(\d\d)-(\d\d):(\d\d)$/;
const DAY = 24 * 60;

/** Hours of the week: minutes of a day from the first on, up to the second, on these days (0: Sunday). */
interface Window {
  days: ReadonlySet<number>;
  from: number;
  to: number;
}

/**
 * Reads times of the week: `mon-fri 08:00-18:00, sat 09:00-12:00`; without days, every day. A window whose end is
 * not after its beginning goes on into the next day. An empty text is always.
 * @throws UserError if it cannot be read
 */
export function readWindows(text: string): Window[] {
  return text
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '')
    .map(readWindow);
}

function readWindow(text: string): Window {
  const [, first, last = first, ...times] = WINDOW.exec(text) ?? [];
  const [fromHour, fromMinute, toHour, toMinute] = times.map(Number);
  const [start, end] = [first, last].map((day) => DAYS.findIndex((name) => name === day));
  const from = fromHour! * 60 + fromMinute!;
  const to = toHour! * 60 + toMinute!;
  const known = first === undefined || (start! >= 0 && end! >= 0);
  if (!known || !(from < DAY) || !(to <= DAY) || fromMinute! > 59 || toMinute! > 59) {
    throw new UserError(
      `"${text}" is no time of the week: say it like "mon-fri 08:00-18:00" or "22:00-06:00"`,
    );
  }
  const days = new Set<number>();
  if (first === undefined) for (let day = 0; day < 7; day += 1) days.add(day);
  else for (let day = start!; days.add(day % 7) && day % 7 !== end; day += 1);
  return { days, from, to };
}

/**
 * Whether a moment lies in one of the windows; in none at all is always.
 * @param zone name of a time zone (`Europe/Lisbon`)
 */
export function inWindows(windows: readonly Window[], time: number, zone: string): boolean {
  if (windows.length === 0) return true;
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(time);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
  const day = DAYS.findIndex((name) => name === part('weekday').toLowerCase());
  const minute = Number(part('hour')) * 60 + Number(part('minute'));
  return windows.some(({ days, from, to }) => {
    if (from < to) return days.has(day) && minute >= from && minute < to;
    const before = (day + 6) % 7;
    return (days.has(day) && minute >= from) || (days.has(before) && minute < to);
  });
}
