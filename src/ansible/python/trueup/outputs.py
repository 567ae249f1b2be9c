"""The values that playbooks gather with `set_stats`: of these only what somebody wants, bounded and without secrets."""

import json
import re

VAULT_TEXT = re.compile(r'\$ANSIBLE_VAULT;\d\.\d;AES256(?:;[\w.-]+)?\r?\n(?:[0-9a-f]+\r?\n?)+\Z', re.ASCII)
VAULT_REFERENCE = re.compile(r'vault:[\w./-]+#[\w.-]+\Z', re.ASCII)


class Outputs:
    """`wanted`: name -> {'secret': whether it must come as a reference}; `limits`: characters and levels."""

    def __init__(self, wanted, limits, redactor):
        self._wanted = wanted
        self._limits = limits
        self._redactor = redactor

    def read(self, found):
        """(values by name, [name and reason of those that do not count]); a refused value is in neither."""
        values, faults, size = {}, [], 0
        for name in sorted(set(self._wanted) & set(found)):
            text, reason = self._judge(name, found[name])
            if reason is None and size + len(text) > self._limits['all']:
                reason = 'all gathered values together are larger than %d characters' % self._limits['all']
            if reason is None:
                size += len(text)
                values[name] = json.loads(text)
            else:
                faults.append({'name': name, 'reason': reason})
        return values, faults

    def _judge(self, name, value):
        try:
            if _deeper(value, self._limits['depth']):
                return '', 'it is nested more than %d levels deep' % self._limits['depth']
            text = json.dumps(value, allow_nan=False, default=_vault_text)
        except (TypeError, ValueError, RecursionError):
            return '', 'it is no value that JSON has'
        if len(text) > self._limits['one']:
            return '', 'it is larger than %d characters' % self._limits['one']
        plain = json.loads(text)
        if self._wanted[name]['secret'] and not _is_reference(plain):
            return '', (
                'it is marked secret, and came neither as vault text nor as a reference (vault:PATH#KEY): '
                'a secret is never kept in the clear'
            )
        if self._redactor.redact(text) != text or self._redactor.redact(str(plain)) != str(plain):
            return '', 'it holds a secret of the site in the clear'
        return text, None


def _deeper(value, levels):
    if isinstance(value, dict):
        return levels == 0 or any(_deeper(item, levels - 1) for item in value.values())
    if isinstance(value, (list, tuple)):
        return levels == 0 or any(_deeper(item, levels - 1) for item in value)
    return False


def _vault_text(value):
    """What Ansible holds of a `!vault` value: it is told as it stands, never decrypted."""
    text = getattr(value, '_ciphertext', None)
    if isinstance(text, bytes):
        text = text.decode()
    if not isinstance(text, str):
        raise TypeError('no value of JSON')
    return str(text)


def _is_reference(value):
    return isinstance(value, str) and bool(VAULT_TEXT.match(value) or VAULT_REFERENCE.match(value))
