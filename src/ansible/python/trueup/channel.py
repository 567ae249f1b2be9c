"""The socket to the process that started Ansible: one JSON line comes in, one JSON line an event goes out."""

import json
import os


class Channel:
    """Events are sent until `limit` bytes; then without details, and past twice the limit the totals alone."""

    # What an event keeps once the limit is reached.
    BARE = ('event', 'host', 'name', 'path', 'action', 'status', 'duration', 'handler', 'ignored')

    def __init__(self, descriptor):
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor
        self._sent = 0
        self._limit = 0

    def receive(self):
        """The first line, which says what to do; None if the process at the other end has gone."""
        data = b''
        while not data.endswith(b'\n'):
            chunk = os.read(self._descriptor, 65536)
            if not chunk:
                return None
            data += chunk
        orders = json.loads(data)
        self._limit = orders['limits']['total']
        return orders

    def send(self, event):
        """Sends an event; one that can't be delivered is dropped, the run goes on."""
        if self._descriptor is None:
            return
        if event['event'] != 'stats' and self._sent > self._limit:
            if self._sent > 2 * self._limit:
                return
            bare = {key: event[key] for key in self.BARE if key in event}
            event = {**bare, 'truncated': True}
        line = json.dumps(event, separators=(',', ':'), default=str).encode() + b'\n'
        self._sent += len(line)
        try:
            while line:
                line = line[os.write(self._descriptor, line):]
        except OSError:
            self._descriptor = None
