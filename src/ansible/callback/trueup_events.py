"""Tells the process that started Ansible what happens, as one JSON line an event; stdout is for people.

Events: `playbook` (it begins); `play` (and the hosts it is for); `task` (what one task did on one host);
`stats` (counts by host since the start, and the gathered values that are wanted, at each playbook's end).
Works with ansible-core 2.14 and later and uses what callback plugins may use; every text has passed the redactor.
"""

from __future__ import annotations

import os
import sys
import time

from ansible.plugins.callback import CallbackBase

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'python'))

from trueup.channel import Channel
from trueup.diffs import DiffPrinter
from trueup.outputs import Outputs
from trueup.redaction import Redactor
from trueup.vaults import vaulted_values

DOCUMENTATION = '''
name: trueup_events
type: stdout
short_description: Events for trueup
description: Sends one JSON line an event to the descriptor that TRUEUP_CHANNEL names.
'''

HIDDEN = 'hidden, as no_log asks'
LABEL_LIMIT = 200


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'trueup_events'

    def __init__(self):
        super().__init__()
        self._channel = Channel(int(os.environ['TRUEUP_CHANNEL']))
        orders = self._channel.receive()
        if orders is None:
            os._exit(1)  # Nobody would record this run: it must not begin.
        self._check = orders['check']
        self._tree = orders['tree']
        self._message_limit = orders['limits']['message']
        self._redactor = Redactor(orders['secrets'])
        self._diffs = DiffPrinter(self._redactor, orders['limits']['diff'])
        self._outputs = Outputs(orders['outputs'], orders['limits']['outputs'], self._redactor)
        self._vaults_read = False
        self._started = {}
        self._handlers = set()
        # Warnings and errors do not come by here: they are caught where they are written.
        sys.stdout = _RedactedStream(sys.stdout, self._redactor)
        sys.stderr = _RedactedStream(sys.stderr, self._redactor)

    def v2_playbook_on_start(self, playbook):
        if not self._vaults_read:
            self._redactor.add(vaulted_values(playbook.get_loader(), self._tree))
            self._vaults_read = True
        path = self._shorten(os.path.abspath(playbook._file_name))
        self._channel.send({'event': 'playbook', 'path': path})
        self._say('\nPLAYBOOK %s' % path)

    def v2_playbook_on_play_start(self, play):
        variables = play.get_variable_manager().get_vars(play=play)
        hosts = [str(name) for name in variables.get('ansible_play_hosts_all', [])]
        self._channel.send({'event': 'play', 'name': self._clean(play.get_name()), 'hosts': hosts})
        self._say('\nPLAY [%s]' % play.get_name())

    def v2_playbook_on_no_hosts_matched(self):
        self._say('no hosts matched')

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._say('\nTASK [%s]' % task.get_name())

    def v2_playbook_on_handler_task_start(self, task):
        self._handlers.add(task._uuid)
        self._say('\nHANDLER [%s]' % task.get_name())

    def v2_runner_on_start(self, host, task):
        self._started[host.get_name(), task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result):
        changed = result._result.get('changed', False)
        self._report(result, 'changed' if changed else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._report(result, 'failed', ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._report(result, 'unreachable')

    def v2_runner_on_skipped(self, result):
        self._report(result, 'skipped')

    def v2_playbook_on_stats(self, stats):
        hosts = {}
        for host in sorted(stats.processed):
            counts = stats.summarize(host)
            counts['failed'] = counts.pop('failures')
            hosts[host] = counts
            self._say('%s: %s' % (host, ' '.join('%s=%d' % item for item in counts.items())))
        event = {'event': 'stats', 'hosts': hosts}
        # What `set_stats` says of the run as a whole; `per_host` values are nobody's to import.
        outputs, faults = self._outputs.read((getattr(stats, 'custom', None) or {}).get('_run') or {})
        if outputs:
            event['outputs'] = outputs
        if faults:
            event['outputFaults'] = faults
            for fault in faults:
                self._say('%(name)s is not taken: %(reason)s' % fault)
        self._channel.send(event)

    def _report(self, result, status, ignored=False):
        task, host, outcome = result._task, result._host.get_name(), result._result
        started = self._started.pop((host, task._uuid), None)
        if self._check and (ignored or _cannot_be_checked(outcome, status)):
            status = 'changed' if status == 'changed' else 'unverifiable'
        event = {
            'event': 'task',
            'host': host,
            'name': self._clean(result.task_name),
            'path': self._shorten(task.get_path() or ''),
            'action': _short_action(task),
            'status': status,
            'duration': 0 if started is None else round(time.monotonic() - started, 3),
        }
        if task._uuid in self._handlers:
            event['handler'] = True
        if ignored:
            event['ignored'] = True
        self._add_details(event, outcome)
        self._channel.send(event)
        for line in ('%s: [%s]' % (status, host), event.get('message'), event.get('diff')):
            if line:
                self._say(line)

    def _add_details(self, event, outcome):
        if 'censored' in outcome:
            event['message'] = HIDDEN
            return
        cut = False
        if event['status'] in ('failed', 'unreachable', 'unverifiable'):
            message = '\n'.join(_messages(outcome)).replace(self._tree + '/', '')
            message = self._redactor.redact(message)
            event['message'] = message[:self._message_limit]
            cut = len(message) > self._message_limit
        if outcome.get('changed'):
            texts = []
            for part in _parts(outcome):
                text, shortened = self._diffs.format(part)
                cut = cut or shortened
                if text:
                    texts.append(text)
            if texts:
                event['diff'] = '\n'.join(texts)
        if cut:
            event['truncated'] = True

    def _shorten(self, path):
        return path[len(self._tree) + 1:] if path.startswith(self._tree + '/') else path

    def _clean(self, text):
        return self._redactor.redact(str(text))[:LABEL_LIMIT]

    def _say(self, text):
        self._display.display(text)


class _RedactedStream:
    """A text stream whose writes pass the redactor."""

    def __init__(self, stream, redactor):
        self._stream = stream
        self._redactor = redactor

    def write(self, text):
        return self._stream.write(self._redactor.redact(text))

    def __getattr__(self, name):
        return getattr(self._stream, name)


def _short_action(task):
    """`copy` for the actions of Ansible's core, the full name for others."""
    name = str(getattr(task, 'resolved_action', None) or task.action)
    for prefix in ('ansible.builtin.', 'ansible.legacy.'):
        name = name[len(prefix):] if name.startswith(prefix) else name
    return name


def _items(outcome):
    """The results of a loop's items; empty without a loop."""
    items = outcome.get('results')
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _parts(outcome):
    """The result itself, or those of a loop's items; what `no_log` hides is left out."""
    return [part for part in _items(outcome) or [outcome] if not part.get('_ansible_no_log')]


def _cannot_be_checked(outcome, status):
    """A module that can't tell in check mode skips with a message; a false condition gives a `skip_reason`."""
    skipped = [item for item in _items(outcome) if item.get('skipped')]
    if not _items(outcome) and status == 'skipped':
        skipped = [outcome]
    # `no_log` hides which of the two it was.
    return any(
        'censored' in part or (part.get('msg') and 'skip_reason' not in part) for part in skipped
    )


def _messages(outcome):
    """What a failed, unreachable or skipped result says; items of a loop that did well say nothing."""
    looped = bool(_items(outcome))
    for part in _parts(outcome):
        if looped and not (part.get('failed') or part.get('skipped') or part.get('unreachable')):
            continue
        head = '%s: ' % part.get('_ansible_item_label', part.get('item')) if looped else ''
        for key in ('msg', 'module_stderr', 'stderr', 'module_stdout', 'stdout'):
            text = str(part.get(key) or '').replace('\r\n', '\n').strip()
            if text:
                yield head + text
                head = ''
