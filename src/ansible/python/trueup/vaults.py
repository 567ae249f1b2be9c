"""Finds the vaulted values of a site tree and decrypts them, so that they can be kept out of everything shown.

Only public calls are used: `DataLoader.load` gives a vaulted scalar, whose `str()` is its plain text.
Secrets that come from elsewhere while a playbook runs (lookups, modules) are not known here: `no_log` is for those.
"""

import os
import re

# Armoured text, indented in YAML or with escaped line ends in JSON.
_ARMOUR = re.compile(
    r'\$ANSIBLE_VAULT;[0-9.]+;[A-Z0-9]+(?:;[^\s;\\]+)?(?:(?:[ \t]*\r?\n[ \t]*|\\n)[0-9a-f]+)+'
)
_LINE_END = re.compile(r'\s+|\\n')


def vaulted_values(loader, root):
    """Yields the plain text of everything vaulted below a folder, as far as the loader's passwords reach."""
    seen = set()
    for path in _files(root):
        with open(path, encoding='utf-8', errors='replace') as file:
            content = file.read()
        for match in _ARMOUR.finditer(content):
            lines = [line for line in _LINE_END.split(match.group()) if line]
            armour = '!vault |\n' + ''.join('  %s\n' % line for line in lines)
            if armour in seen:
                continue
            seen.add(armour)
            try:
                plain = str(loader.load(armour))
            except Exception:  # Not for our passwords: then the playbook can't show it either.
                continue
            yield from _values_of_file(loader, plain) if match.start() == 0 else [plain]


def _files(root):
    for folder, _, names in os.walk(root):
        for name in names:
            yield os.path.join(folder, name)


def _values_of_file(loader, plain):
    """A file vaulted as a whole: its values if it holds variables, else all of its text."""
    try:
        data = loader.load(plain)
    except Exception:
        data = None
    return _leaves(data) if isinstance(data, (dict, list)) else [plain]


def _leaves(data):
    if isinstance(data, dict):
        for value in data.values():
            yield from _leaves(value)
    elif isinstance(data, list):
        for value in data:
            yield from _leaves(value)
    elif data is not None and not isinstance(data, bool):
        yield str(data)
