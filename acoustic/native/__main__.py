"""Compile the C99 core of this checkout, and what applications add to it: ``python -m acoustic.native``."""

from acoustic.native import build, homes

for home in homes():
    for library in build.build(home):
        print(library)
