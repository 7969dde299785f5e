"""Run C programs on emulated boards, and count their instructions exactly.

``boards`` is the table of boards, ``emulator`` builds and runs. The C, assembly and linker script that a
program needs to start on a bare board are in ``runtime``; a program includes ``board.h`` of there.
"""
