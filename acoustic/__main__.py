"""``python -m acoustic`` is the command line."""

from acoustic.cli import main

if __name__ == "__main__":
    main()
