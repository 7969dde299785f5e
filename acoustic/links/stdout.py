"""Events as JSON Lines on standard output, for programs."""

import sys
import time

from acoustic.links.sink import Event, Sink
from acoustic.records import json_line


class Stdout(Sink):
    """Writes each event as a line, at once."""

    name = "standard output"

    def __init__(self) -> None:
        sys.stdout.flush()
        buffer = sys.stdout.buffer
        # Past all buffers: a reader that hangs or has gone must not hold up or disturb the end of the program.
        self._stream = getattr(buffer, "raw", buffer)

    def event(self, event: Event) -> None:
        """Write the event."""
        left = memoryview(f"{json_line(event)}\n".encode())
        while left:
            written = self._stream.write(left)
            if written is None:  # a pipe that does not block, and is full
                time.sleep(0.01)
            else:
                left = left[written:]
