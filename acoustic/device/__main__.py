"""Compile the C99 core of this checkout, and what applications add to it: ``python -m acoustic.device``."""

from acoustic.device import build, homes

for home in homes():
    for library in build.build(home):
        print(library)
