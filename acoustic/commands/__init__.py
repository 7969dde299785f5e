"""The command line, made from what applications say of themselves: the only place with typer and rich progress bars."""
