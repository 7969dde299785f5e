"""What can go wrong, as one family of exceptions.

A message says what happened, to which file or device, and what to do about it. The command line
prints the message without a traceback and exits with the class's ``exit_code``.
"""


class AcousticError(Exception):
    """Base of every error that the suite raises on purpose."""

    exit_code = 1

    def __init_subclass__(cls, exit_code: int) -> None:
        """Give each kind of error its exit code."""
        cls.exit_code = exit_code


class ParameterError(AcousticError, ValueError, exit_code=2):
    """A setting is out of its range or contradicts another one."""


class AudioFileError(AcousticError, exit_code=3):
    """A recording cannot be read, or holds nothing that can be scored."""


class BundleError(AcousticError, exit_code=3):
    """A model bundle is broken, of another version, or does not fit the front end."""


class ModelError(AcousticError, exit_code=3):
    """A network holds something that the int8 runtime does not do."""


class DataError(AcousticError, exit_code=3):
    """A dataset is missing, incomplete, or fails its checksum."""


class DeviceError(AcousticError, exit_code=4):
    """A microphone or loudspeaker is missing, refuses, or went away."""


class MissingExtraError(AcousticError, exit_code=2):
    """An optional part of the suite is not installed."""


class ExportError(AcousticError, exit_code=5):
    """Firmware cannot be built, or does not give the bytes that the PC gives."""
