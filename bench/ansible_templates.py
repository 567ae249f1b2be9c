"""Renders templates as Ansible's template action does, many sites in one process: what Ansible takes at the very least.

Reads {"sites": [variables], "templates": [text]} and answers {"texts": [[text]], "seconds": CPU seconds for all of it,
"version": of ansible-core}. Starting Python and Ansible, connections and tasks are not counted.
"""

import json
import sys
import time

from ansible import __version__
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

try:
    from ansible.template import trust_as_template
except ImportError:  # before 2.19 every text is a template

    def trust_as_template(text):
        return text


def main():
    request = json.load(sys.stdin)
    templates = [trust_as_template(text) for text in request["templates"]]
    loader = DataLoader()
    texts = []
    started = time.process_time()
    for variables in request["sites"]:
        templar = Templar(loader=loader, variables=variables)
        texts.append([render(templar, template) for template in templates])
    seconds = time.process_time() - started
    json.dump({"texts": texts, "seconds": seconds, "version": __version__}, sys.stdout)


def render(templar, template):
    if hasattr(templar, "copy_with_new_env"):
        return templar.template(template, convert_data=False, preserve_trailing_newlines=True, escape_backslashes=False)
    return templar.template(template)


main()
