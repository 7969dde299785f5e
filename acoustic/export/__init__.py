"""From a bundle to firmware: C sources, their proof against the runtime, and what they cost on a board."""
