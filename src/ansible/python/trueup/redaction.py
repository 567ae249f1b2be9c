"""Removes secret values from text. `src/model/redact.ts` does the same; a test holds the two together."""

import base64
import json
import re
import urllib.parse

MASK = '•••'

# Below this many characters a secret is masked only where it stands as a word of its own.
SHORTEST_ANYWHERE = 4


class Redactor:
    """Masks secrets as they stand and in the encodings of `secret_forms`."""

    def __init__(self, secrets=()):
        self._forms = set()
        self._words = set()
        self._word_pattern = None
        self.add(secrets)

    def add(self, secrets):
        """Learns more secrets; blank ones are ignored."""
        for secret in secrets:
            value = secret.strip()
            if not value:
                continue
            if len(value) < SHORTEST_ANYWHERE:
                self._words.add(value)
            else:
                self._forms |= secret_forms(value)
        if self._words:
            either = '|'.join(re.escape(word) for word in sorted(self._words))
            self._word_pattern = re.compile(r'(?<!\w)(?:%s)(?!\w)' % either)

    def redact(self, text):
        """The text with every secret in it replaced by `MASK`."""
        # Matches are collected before any is replaced: secrets may overlap or contain one another.
        matches = []
        for form in self._forms:
            at = text.find(form)
            while at != -1:
                matches.append((at, at + len(form)))
                at = text.find(form, at + 1)
        if self._word_pattern:
            matches.extend(match.span() for match in self._word_pattern.finditer(text))
        return _mask(text, matches) if matches else text


def _mask(text, ranges):
    parts = []
    done = -1
    for start, end in sorted(ranges):
        if start > done:
            parts += (text[max(done, 0):start], MASK)
        done = max(done, end)
    return ''.join(parts) + text[done:]


def secret_forms(secret):
    """Every spelling under which a secret of four or more characters is looked for."""
    value = secret.strip()
    forms = set()
    for part in (value, *(line.strip() for line in value.split('\n'))):
        if len(part) < SHORTEST_ANYWHERE:
            continue
        quoted = json.dumps(part, ensure_ascii=False)[1:-1]
        forms.update((part, quoted, json.dumps(part)[1:-1], quoted.replace('/', '\\/')))
        forms.update(_quoted_forms(part))
        forms.update(_url_forms(part))
        forms.update(_base64_forms(part))
        forms.update(_base64_forms(quoted))
    return forms


def _quoted_forms(value):
    yield value.replace("'", "''")  # YAML
    yield value.replace("'", "\\'")  # Python
    yield value.replace("'", "'\\''")  # shell
    yield value.replace("'", "'\"'\"'")  # shell, as shlex writes it
    yield re.sub(r'["$\\`]', r'\\\g<0>', value)  # shell, in double quotes


def _url_forms(value):
    encoded = value.encode('utf-8', 'replace')
    for safe in ("!'()*", ''):
        form = urllib.parse.quote(encoded, safe=safe)
        for spelling in (form, form.replace('%20', '+')):
            yield spelling
            yield re.sub('%[0-9A-F]{2}', lambda escape: escape.group().lower(), spelling)


def _base64_forms(value):
    """The characters that the secret alone decides, for each way it can lie among the three-byte groups."""
    for offset in range(3):
        data = bytes(offset) + value.encode('utf-8', 'replace')
        first = -(-offset * 8 // 6)
        form = base64.b64encode(data).decode()[first:len(data) * 8 // 6]
        yield form
        yield form.replace('+', '-').replace('/', '_')
