"""Compile the C99 core of this checkout: ``python -m acoustic.device``."""

from acoustic.device import build

for library in build.build():
    print(library)
