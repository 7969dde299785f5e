"""Members of a bundle: a ZIP archive of files, and arrays of numbers as .npy, read without trusting a byte of them.

Nothing is allocated because a header says so: what is read is never larger than what is there, or than ``MAX_BYTES``.
"""

import hashlib
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError
from acoustic.records import About

MAX_BYTES = 64 << 20
MAX_MEMBERS = 256

# The end of an archive (APPNOTE.TXT of PKWARE, 4.3.16): signature, and from byte 12 on the directory's size.
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\5\6", 22, 65_535
_LONGEST_ENTRY = 512  # of the directory: 46 bytes, a name of at most 76, and what tools add
_STORED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NPY = b"\x93NUMPY\1\0"
_NPY_HEADER = re.compile(
    rb"\{'descr': '([<>|][biuf][1248])', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,9}, ?){0,8}[0-9]{0,9})\), \} *\n"
)


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """What the manifest says of a member."""

    sha256: Annotated[str, About(longest=64)]
    size: Annotated[int, About(low=0, high=MAX_BYTES)]


def checksums(members: Mapping[str, bytes]) -> dict[str, Checksum]:
    """Return the checksums of members by name, sorted."""
    return {n: Checksum(sha256=hashlib.sha256(members[n]).hexdigest(), size=len(members[n])) for n in sorted(members)}


def pack(members: Mapping[str, bytes]) -> bytes:
    """Write members as an archive; equal ones give equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name)  # its date defaults to 1980, which keeps the bytes reproducible
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, members[name])
    return stream.getvalue()


def unpack(data: bytes, allowed: re.Pattern[str]) -> dict[str, bytes]:
    """Read the members of an archive, whose names must match a pattern.

    Raises
    ------
    BundleError
        When it is no archive, damaged, holds something else, or would be larger than ``MAX_BYTES``.
    """
    if len(data) > MAX_BYTES:
        raise BundleError(f"larger than {MAX_BYTES >> 20} MiB, which no bundle is")
    if not data.startswith(b"PK\3\4"):
        raise BundleError("not a bundle: it is no ZIP archive")
    try:
        _check_directory(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_members(archive, allowed)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise BundleError(f"damaged or cut short ({error}); get the file again") from error


def _check_directory(data: bytes) -> None:
    """Refuse a directory of more members than a bundle has before it is read as a whole."""
    end = data.rfind(_END, max(0, len(data) - _END_BYTES - _LONGEST_COMMENT))
    if not 0 <= end <= len(data) - _END_BYTES:
        raise BundleError("damaged or cut short (it has no directory); get the file again")
    (size,) = struct.unpack_from("<I", data, end + 12)
    # The directory of a larger archive stands before this end, with a size of its own.
    if size > MAX_MEMBERS * _LONGEST_ENTRY or data.startswith(b"PK\6\7", max(0, end - 20)):
        raise BundleError(f"holds more than {MAX_MEMBERS} members, which no bundle does")


def _read_members(archive: zipfile.ZipFile, allowed: re.Pattern[str]) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    infos = archive.infolist()
    if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_BYTES:
        raise BundleError(f"holds more than {MAX_MEMBERS} members or {MAX_BYTES >> 20} MiB, which no bundle does")
    for info in infos:
        if not allowed.fullmatch(info.filename):
            raise BundleError(f"not a bundle: it holds {info.filename!r}")
        if info.filename in members:
            raise BundleError(f"holds {info.filename} twice")
        if info.compress_type not in _STORED:
            raise BundleError(f"{info.filename} is compressed in a way that no bundle is")
        with archive.open(info) as stream:
            members[info.filename] = stream.read(info.file_size + 1)
    return members


def pack_array(array: NDArray[Any]) -> bytes:
    """Write an array as .npy, version 1.0."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def unpack_array(data: bytes) -> NDArray[Any]:
    """Read an array of real numbers as :func:`pack_array` writes it, without copying it: it is read-only.

    Raises
    ------
    ValueError
        When it is anything else, or its header does not fit its size.
    """
    start = len(_NPY) + 2
    if not data.startswith(_NPY) or len(data) < start:
        raise ValueError("it does not begin as .npy of version 1.0 does")
    end = start + int.from_bytes(data[start - 2 : start], "little")
    header = _NPY_HEADER.fullmatch(data, start, min(end, len(data)))
    if header is None:
        raise ValueError("its header is none of a plain array of numbers")
    try:
        dtype = np.dtype(header[1].decode())
    except TypeError as error:
        raise ValueError(f"its numbers are of the kind {header[1].decode()}") from error
    shape = tuple(int(size) for size in header[2].replace(b" ", b"").split(b",") if size)
    if math.prod(shape) * dtype.itemsize != len(data) - end:
        raise ValueError(f"type {dtype} and shape {shape} do not fit its size")
    return np.frombuffer(data, dtype, offset=end).reshape(shape)
