"""What can go wrong, as one family of exceptions.

A message says what happened, to which file or device, and what to do about it. The command line
prints the message without a traceback and exits with the class's ``exit_code``.
"""


class AcousticError(Exception):
    """Base of every error that the suite raises on purpose."""

    exit_code = 1


class ParameterError(AcousticError, ValueError):
    """A setting is out of its range or contradicts another one."""

    exit_code = 2


class AudioFileError(AcousticError):
    """A recording cannot be read, or holds nothing that can be scored."""

    exit_code = 3


class BundleError(AcousticError):
    """A model bundle is broken, of another version, or does not fit the front end."""

    exit_code = 3


class ModelError(AcousticError):
    """A network holds something that the int8 runtime does not do."""

    exit_code = 3


class DataError(AcousticError):
    """A dataset is missing, incomplete, or fails its checksum."""

    exit_code = 3


class DeviceError(AcousticError):
    """A microphone or loudspeaker is missing, refuses, or went away."""

    exit_code = 4


class MissingExtraError(AcousticError):
    """An optional part of the suite is not installed."""

    exit_code = 2


class ExportError(AcousticError):
    """Firmware cannot be built, or does not give the bytes that the PC gives."""

    exit_code = 5
