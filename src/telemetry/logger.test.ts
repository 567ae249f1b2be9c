import { expect, test } from 'vitest';

import { createLogger, type LoggerOptions } from './logger.ts';
import { prettyLine } from './pretty.ts';

const SECRET = 'hunter22-"öä\\';

function logger(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    format: 'json',
    write: (line) => lines.push(line),
    ...options,
  });
  return { log, lines, records: () => lines.map((line): unknown => JSON.parse(line)) };
}

test('a line is one JSON document with time, level and message', () => {
  const { log, lines, records } = logger();
  log.info({ site: 'lisbon-07', count: 3 }, 'applied');
  log.debug('not shown');
  log.child({ loop: 'site' }).error(new Error('boom'));
  expect(records()).toEqual([
    { time: expect.any(String), level: 'info', site: 'lisbon-07', count: 3, message: 'applied' },
    {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'error',
      loop: 'site',
      message: 'boom',
      err: { type: 'Error', message: 'boom', stack: expect.stringContaining('boom') },
    },
  ]);
  expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
});

test('law 11: no secret leaves with a line, wherever in it and however encoded', () => {
  let secrets = [SECRET];
  for (const format of ['json', 'pretty'] as const) {
    const { log, lines } = logger({ format, secrets: () => secrets });
    secrets = [SECRET];
    log.info(`text ${SECRET} text`);
    log.info({ [SECRET]: { deep: [SECRET] } }, 'fields');
    log.warn({ err: new Error(`cannot reach https://x:${encodeURIComponent(SECRET)}@host`) }, 'no');
    log.child({ basic: Buffer.from(`user:${SECRET}`).toString('base64') }).info('header');
    secrets = [SECRET, 'known-later'];
    log.info('known-later');
    const all = lines.join('');
    expect(lines).toHaveLength(5);
    for (const form of [
      'hunter22',
      '22-',
      'known-later',
      Buffer.from('hunter').toString('base64'),
    ]) {
      expect(all).not.toContain(form);
    }
    expect(all.match(/•••/g)?.length).toBeGreaterThanOrEqual(6);
  }
});

test('a secret that looks like JSON leaves a line that still is', () => {
  const { log, records } = logger({ secrets: () => ['":"text'] });
  log.info({ a: 'b' }, 'text');
  expect(records()).toEqual([{ message: expect.stringContaining('•••') }]);
});

test('lines for people: what happened first, then the fields', () => {
  const { log, lines } = logger({ format: 'pretty' });
  log.info({ site: 'lisbon-07', cause: 'revision 1a2b', hosts: { a: [1] }, n: 3 }, 'applied');
  log.warn({ error: '' }, '');
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d info applied site=lisbon-07 cause="revision 1a2b" hosts={"a":\[1]} n=3\n$/,
  );
  expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d warn {2}error=""\n$/);
});

test('colours mark the level, where there are colours', () => {
  const line = '{"time":"2026-01-02T03:04:05.678Z","level":"error","site":"a","message":"no"}';
  expect(prettyLine(line, false)).toBe('03:04:05 error no site=a\n');
  expect(prettyLine(line, true)).toBe(
    '\u001b[90m03:04:05\u001b[0m \u001b[31merror\u001b[0m no \u001b[90msite=\u001b[0ma\n',
  );
});

test('what a record says cannot pass for a line of its own or steer the terminal', () => {
  const { log, lines } = logger({ format: 'pretty' });
  const evil = 'x\n12:00:00 info all is well\u001b[2J\u009b31m\u2028';
  const error = new Error(evil);
  log.info({ site: evil, deep: { evil } }, evil);
  log.error({ err: error }, 'failed');
  const text = lines.join('');
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/);
  expect(lines[0]?.split('\n')).toHaveLength(2);
  for (const line of lines[1]!.split('\n').slice(1, -1)) expect(line).toMatch(/^ {4}/);
});
