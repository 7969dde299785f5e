"""Run an application's C over PCM, on this machine and on emulated boards, and keep what every stage gives.

``program`` builds and runs; ``replay.c`` is the program, and ``replay.h`` what the application's glue defines for it.
"""
