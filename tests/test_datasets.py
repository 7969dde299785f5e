"""Dataset cards, the data root, and downloads against a server on this computer."""

import errno
import hashlib
import http.server
import io
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from acoustic import datasets
from acoustic.datasets import Card, DataFile, FileTree
from acoustic.download import download
from acoustic.errors import DataError, ParameterError

BODY = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves BODY whole, broken off in the middle, too long, or elsewhere."""

    def do_GET(self) -> None:
        if self.path == "/gone":
            self.send_error(404)
            return
        if self.path.startswith("/to-"):
            self.send_response(302)
            self.send_header(
                "Location", {"/to-file": "file:///etc/hostname", "/to-plain": "http://example.com/x"}[self.path]
            )
            self.end_headers()
            return
        body = {"/whole": BODY, "/short": BODY[:1000], "/long": BODY + b"x", "/other": BODY[::-1]}[self.path]
        self.send_response(200)
        if self.path != "/long":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    monkeypatch.setenv("ACOUSTIC_DATA", str(folder))
    return folder


def small_card(url: str | None, path: str = "sub/file.bin", by_hand: str = "Record it.") -> Card:
    file = DataFile(PurePosixPath(path), len(BODY), SHA256, url)
    return Card(
        "small", "Small", "https://example.org", "CC0", True, "test", PurePosixPath("sub"), by_hand, files=(file,)
    )


def everything_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class TestDownload:
    def test_whole(self, server: str, tmp_path: Path) -> None:
        seen: list[int] = []
        download(f"{server}/whole", tmp_path / "a" / "b", n_bytes=len(BODY), sha256=SHA256, on_bytes=seen.append)
        assert (tmp_path / "a" / "b").read_bytes() == BODY
        assert sum(seen) == len(BODY)
        assert everything_under(tmp_path) == [tmp_path / "a" / "b"]

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("/short", "broke off after 1000 of 256000 bytes"),
            ("/long", "more than the expected"),
            ("/other", "checksum"),
            ("/gone", "404"),
            ("/to-file", "not allowed"),
            ("/to-plain", "https only"),
        ],
    )
    def test_anything_else_leaves_nothing(self, server: str, tmp_path: Path, path: str, message: str) -> None:
        with pytest.raises(DataError, match=message):
            download(server + path, tmp_path / "x", n_bytes=len(BODY), sha256=SHA256)
        assert everything_under(tmp_path) == []

    def test_failure_keeps_the_old_file(self, server: str, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"old")
        with pytest.raises(DataError):
            download(f"{server}/other", tmp_path / "x", n_bytes=len(BODY), sha256=SHA256)
        assert (tmp_path / "x").read_bytes() == b"old"

    def test_no_server(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="cannot be reached"):
            download("http://127.0.0.1:9/x", tmp_path / "x", n_bytes=1, sha256=SHA256)

    @pytest.mark.parametrize("url", ["http://example.org/x", "file:///etc/hostname", "ftp://example.org/x", "x"])
    def test_refused_addresses(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(DataError, match="https only"):
            download(url, tmp_path / "x", n_bytes=1, sha256=SHA256)

    def test_full_disk_is_told_as_such_and_leaves_nothing(
        self, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class FullFile(io.FileIO):
            def write(self, block: object) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "open", lambda path, mode: FullFile(path, mode))
        with pytest.raises(OSError, match="No space left"):
            download(f"{server}/whole", tmp_path / "x", n_bytes=len(BODY), sha256=SHA256)
        assert everything_under(tmp_path) == []


class TestFetch:
    def test_brings_what_is_missing_once(self, server: str, root: Path) -> None:
        card = small_card(f"{server}/whole")
        assert not datasets.is_present(card, root)
        assert datasets.fetch(card, root) == [root / "sub" / "file.bin"]
        assert datasets.is_present(card, root)
        assert datasets.fetch(card, root) == []

    def test_explains_what_cannot_be_downloaded(self, root: Path) -> None:
        with pytest.raises(DataError, match=r"https://example\.org.*\nRecord it\."):
            datasets.fetch(small_card(None), root)

    def test_finds_a_file_of_the_right_size_with_other_bytes(self, server: str, root: Path) -> None:
        (root / "sub").mkdir()
        (root / "sub" / "file.bin").write_bytes(BODY[::-1])
        with pytest.raises(DataError, match="differs"):
            datasets.fetch(small_card(f"{server}/whole"), root)

    @pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "sub/../../outside"])
    def test_no_way_out_of_the_root(self, path: str) -> None:
        with pytest.raises(DataError, match="leads out"):
            small_card(None, path)

    def test_tree(self, root: Path) -> None:
        for name in ("b", "a"):
            (root / f"{name}.txt").write_text(name)
        listing = "".join(f"{hashlib.sha256(n.encode()).hexdigest()}  {n}.txt\n" for n in "ab")
        tree = FileTree(("*.txt",), 2, 2, hashlib.sha256(listing.encode()).hexdigest())
        card = Card("t", "T", "https://example.org", "CC0", True, "test", PurePosixPath(), "By hand.", tree=tree)
        assert datasets.fetch(card, root) == []
        (root / "a.txt").write_text("c")
        with pytest.raises(DataError, match="differ"):
            datasets.fetch(card, root)
        (root / "a.txt").unlink()
        assert not datasets.is_present(card, root)


class TestRoot:
    def test_environment_names_it(self, root: Path) -> None:
        assert datasets.data_root() == root

    def test_environment_names_nothing(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ACOUSTIC_DATA", str(tmp_path / "absent"))
        with pytest.raises(DataError, match="ACOUSTIC_DATA"):
            datasets.data_root()

    def test_checkout_looks_beside_itself(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("ACOUSTIC_DATA", raising=False)
        checkout = tmp_path / "checkout"
        checkout.mkdir()
        monkeypatch.setattr(datasets, "CHECKOUT", checkout)
        (tmp_path / "shared" / "data").mkdir(parents=True)
        assert datasets.data_root() is None
        (checkout / "pyproject.toml").touch()
        assert datasets.data_root() == tmp_path / "shared" / "data"

    def test_no_root_says_what_to_do(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("ACOUSTIC_DATA", raising=False)
        monkeypatch.setattr(datasets, "CHECKOUT", tmp_path)
        with pytest.raises(DataError, match="Set the environment variable ACOUSTIC_DATA"):
            datasets.require_root()

    def test_missing_dataset_says_what_to_do(self, root: Path) -> None:
        with pytest.raises(DataError, match="acoustic data fetch roast_a"):
            datasets.dataset_path("roast_a")

    def test_unknown_dataset_lists_the_known(self) -> None:
        with pytest.raises(ParameterError, match="roast_b"):
            datasets.find_card("nothing")


class TestCards:
    def test_there_is_one_for_each_dataset(self) -> None:
        assert set(datasets.cards()) == {
            "ad01_reference",
            "first_crack_intervals",
            "noise_clips",
            "noise_kitchen",
            "roast_a",
            "roast_b",
            "speech_commands",
            "speech_phrases",
            "toycar",
            "wind_farm",
        }

    @pytest.mark.parametrize("card", datasets.cards().values(), ids=lambda card: card.name)
    def test_is_complete(self, card: Card) -> None:
        assert card.source.startswith("https://")
        assert card.licence
        assert bool(card.files) != bool(card.tree)
        assert all(len(file.sha256) == 64 for file in card.files)
        assert all(file.url is None or file.url.startswith("https://") for file in card.files)
        by_hand_needed = card.tree is not None or any(file.url is None for file in card.files)
        assert bool(card.by_hand) == by_hand_needed
        paths = [file.path for file in card.files] or [PurePosixPath(p) for p in card.tree.patterns if "*" in p]  # type: ignore[union-attr]
        assert all(path.is_relative_to(card.folder) for path in paths)

    def test_nothing_ships_without_a_free_licence(self) -> None:
        free = ("Apache-2.0", "CC0", "CC-BY-4.0")
        assert all(card.licence.startswith(free) for card in datasets.cards().values() if card.may_ship)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", sorted(datasets.cards()))
    def test_agrees_with_the_recordings(self, name: str) -> None:
        root = datasets.data_root()
        if root is None or not datasets.is_present(datasets.find_card(name), root):
            pytest.skip(f"{name} is not here: set ACOUSTIC_DATA to the folder of the recordings")
        datasets.verify(datasets.find_card(name), root)
        assert datasets.dataset_path(name).is_dir()

    def test_broken_card_is_told(self) -> None:
        with pytest.raises(DataError, match="card x is broken"):
            Card.from_dict("x", {"title": "T"})
