"""Links to the world: sinks that take the events of a live stream, with any application."""

from acoustic.links.archive import Archive
from acoustic.links.panel import Panel
from acoustic.links.sink import Event, Outlet, Sink
from acoustic.links.stdout import Stdout

__all__ = ["Archive", "Event", "Outlet", "Panel", "Sink", "Stdout"]
