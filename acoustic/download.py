"""Download of one file whose size and checksum are known beforehand."""

import hashlib
import http.client
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from acoustic.errors import DataError
from acoustic.files import whole_file

TIMEOUT_S = 30.0
BLOCK_BYTES = 1 << 16
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def download(
    url: str, destination: Path, *, n_bytes: int, sha256: str, on_bytes: Callable[[int], None] = lambda n: None
) -> None:
    """Fetch ``url`` to ``destination``, which appears only when size and checksum are right.

    Parameters
    ----------
    url
        An ``https`` address; plain ``http`` only from this computer itself.
    destination
        The file to write; a file that stands there is replaced.
    n_bytes
        Exact size of the file. Not a byte more is read.
    sha256
        Checksum of the file, in hexadecimal.
    on_bytes
        Called with the number of bytes of each block that arrived.

    Raises
    ------
    DataError
        The address is refused, the server does not answer, the transfer breaks off, or other bytes came.
    OSError
        The file cannot be written.
    """
    _check_address(url)
    digest, received = hashlib.sha256(), 0
    try:
        response = _opener().open(url, timeout=TIMEOUT_S)
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{url} cannot be reached: {error}. Check the network and try again.") from error
    with response, whole_file(destination) as stream:
        while block := _read(response, url):
            received += len(block)
            if received > n_bytes:
                raise DataError(f"{url} holds more than the expected {n_bytes} bytes: not kept.")
            digest.update(block)
            stream.write(block)
            on_bytes(len(block))
        if received < n_bytes:
            raise DataError(f"{url} broke off after {received} of {n_bytes} bytes: not kept. Try again.")
        if digest.hexdigest() != sha256:
            raise DataError(
                f"{url} has the checksum {digest.hexdigest()}, not the expected {sha256}: not kept. "
                "The publisher has changed the file."
            )


def _check_address(url: str) -> None:
    """Refuse any address that is neither encrypted nor on this computer."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise DataError(f"{url} is refused: recordings are fetched over https only.")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follow a redirection only to an address that would have been accepted in the first place."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_SafeRedirects)


def _read(response: IO[bytes], url: str) -> bytes:
    """Read one block; kept apart from writing, so that a full disk is not taken for a broken line."""
    try:
        return response.read(BLOCK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"{url} broke off: {error}. Try again.") from error
