"""Events as JSON Lines on standard output, for programs."""

import sys

from acoustic.links.sink import Event, Sink
from acoustic.records import json_line


class Stdout(Sink):
    """Writes each event as a line, at once."""

    name = "standard output"
    #: A reader may take its time: everything is for it.
    close_s = None

    def event(self, event: Event) -> None:
        """Write the event."""
        sys.stdout.write(f"{json_line(event)}\n")
        sys.stdout.flush()
