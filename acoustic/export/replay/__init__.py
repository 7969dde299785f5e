"""Run an application's C over PCM, on this machine and on emulated boards, and keep what every stage gives.

``program`` builds and runs; ``replay.c`` is the program, ``replay.h`` what the application's glue defines for it, and
``host.c`` stands in for a board on this machine.
"""
