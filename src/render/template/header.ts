import { Fault } from './errors.ts';
import type { LexerOptions } from './lexer.ts';

const MARK = '#jinja2:';

/** How a template begins: what its first line sets, and where its text starts. */
export interface Header {
  options: LexerOptions;
  start: number;
}

/** Ansible's settings, and what a first line like `#jinja2: lstrip_blocks: True` changes of them. */
export function readHeader(source: string): Header {
  const options: LexerOptions = { trimBlocks: true, lstripBlocks: false };
  if (!source.startsWith(MARK)) return { options, start: 0 };
  const end = source.indexOf('\n');
  if (end < 0)
    throw new Fault('the line of settings has no end', { offset: 0, hint: 'add a newline' });
  let offset = MARK.length;
  for (const setting of source.slice(MARK.length, end).split(',')) {
    const [, name, value] =
      /^\s*(trim_blocks|lstrip_blocks)\s*:\s*(True|False)\s*$/.exec(setting) ?? [];
    if (name === undefined) {
      const hint = 'trim_blocks and lstrip_blocks, True or False';
      throw new Fault(`the setting "${setting.trim()}" is not supported`, { offset, hint });
    }
    options[name === 'trim_blocks' ? 'trimBlocks' : 'lstripBlocks'] = value === 'True';
    offset += setting.length + 1;
  }
  return { options, start: end + 1 };
}
