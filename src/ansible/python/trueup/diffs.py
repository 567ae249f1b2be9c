"""Turns what modules return as `diff` into one unified diff without secrets.

Shapes: a dict or a list of them; `before` and `after` as text or as a dict of attributes; `prepared` text;
`src_binary`, `dst_binary`, `src_larger`, `dst_larger` where there is no text to compare.
"""

import difflib
import json

from trueup.redaction import MASK

CONTEXT = 3


class DiffPrinter:
    """Formats diffs; redactor masks secrets, limit is the number of characters after which a diff is cut."""

    def __init__(self, redactor, limit):
        self._redactor = redactor
        self._limit = limit

    def format(self, result):
        """(text, whether it was cut) of the diff in a module's or loop item's result."""
        lines = []
        size = 0
        for line in self._lines(result):
            size += len(line) + 1
            if size > self._limit:
                return '\n'.join(lines), True
            lines.append(line)
        return '\n'.join(lines), False

    def _lines(self, result):
        # What stands in `after_header` alone is often a temporary file, another one each time.
        path = str(result.get('dest') or result.get('path') or '')
        diff = result.get('diff')
        for entry in diff if isinstance(diff, list) else [diff]:
            if isinstance(entry, dict):
                yield from self._entry(entry, path)

    def _entry(self, entry, path):
        if 'prepared' in entry:
            yield from self._redactor.redact(str(entry['prepared'])).splitlines()
        for key, what in (('dst', 'before'), ('src', 'after')):
            if entry.get(key + '_binary'):
                yield 'binary content %s' % what
            if entry.get(key + '_larger'):
                yield 'content %s is larger than %s bytes' % (what, entry[key + '_larger'])
        before, after = (_text(entry.get(side)) for side in ('before', 'after'))
        if before == after:
            return
        path = entry.get('before_header') or path or entry.get('after_header') or 'before'
        header = self._redactor.redact(str(path))
        yield '--- %s' % (header if before else 'absent')
        yield '+++ %s' % (header if after else 'absent')
        yield from self._hunks(_split(before), _split(after))

    def _hunks(self, before, after):
        matcher = difflib.SequenceMatcher(None, before, after)
        for group in matcher.get_grouped_opcodes(CONTEXT):
            first, last = group[0], group[-1]
            yield '@@ -%s +%s @@' % (_range(first[1], last[2]), _range(first[3], last[4]))
            for tag, i1, i2, j1, j2 in group:
                if tag == 'equal':
                    yield from self._marked(' ', before[i1:i2])
                    continue
                new = list(self._marked('+', after[j1:j2]))
                if any(MASK in line for line in new):
                    # What a secret replaces is likely to be the secret before it, which nobody told us.
                    yield from ['-' + MASK] * (i2 - i1)
                else:
                    yield from self._marked('-', before[i1:i2])
                yield from new

    def _marked(self, mark, lines):
        return (mark + self._redactor.redact(line) for line in lines)


def _text(side):
    if isinstance(side, dict):
        return ''.join('%s: %s\n' % (key, _plain(side[key])) for key in sorted(side))
    return '' if side is None else _plain(side)


def _plain(value):
    return value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)


def _split(text):
    lines = text.split('\n')
    if lines[-1] == '':
        lines.pop()
    elif text:
        lines[-1] += '  (no newline at end of file)'
    return lines


def _range(start, stop):
    length = stop - start
    return '%d,%d' % (start + 1 if length else start, length)
