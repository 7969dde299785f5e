"""Fixtures that several test packages share."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from acoustic.application import Application, find

# Nothing is timed here: a busy machine must not fail a property.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# A shell that runs the tests in the background makes them, and what they start, ignore interrupts and hang-ups.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

HERE = Path(__file__).parent
VIRTUAL_MIC = HERE / "virtual_mic.sh"
APPLICATIONS = HERE / "applications"
WHISTLE = HERE / "whistle"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with live audio, then the files with the most slow tests.

    The virtual sound card must be there before PortAudio is loaded, and a long file at the end would leave all
    processes but one idle.
    """
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (item.get_closest_marker("live") is None, -slow[item.path]))


def pytest_xdist_auto_num_workers() -> int:
    """One process for each processor, and one for live audio, which mostly waits."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return _Scheduling(config, log)


class _Scheduling(LoadFileScheduling):
    """Gives each process whole files, whose tests share fixtures, and all files of live audio to one.

    The checks of an application are as much work as a file.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        if Path(path).name == "test_applications.py":
            return nodeid.partition("-")[0]
        return "live audio" if "live" in Path(path).stem else path


@pytest.fixture(scope="module")
def whistle() -> Iterator[Application[Any, Any, Any, Any]]:
    """Install the whistle application as others install theirs, for a module and the processes that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(WHISTLE)
        patch.setenv("PYTHONPATH", str(WHISTLE), prepend=os.pathsep)
        yield find("whistle")


@dataclass(frozen=True)
class VirtualAudio:
    """A sound card made of software: a microphone (also called "virtmic") and a loudspeaker ("virtspk")."""

    folder: Path
    rate_hz: int = 16000

    def run(self, command: str) -> str:
        return subprocess.run(
            [VIRTUAL_MIC, command], env=self._environment(), check=True, stdout=subprocess.PIPE, text=True, timeout=60
        ).stdout

    def start(self) -> None:
        """Plug the sound card in and show it to this process."""
        for word in self.run("start").removeprefix("export ").split():
            name, value = word.split("=", 1)
            os.environ[name] = value.strip("'")

    def pull(self) -> None:
        """Unplug it."""
        self.run("pull")

    @contextmanager
    def playing(self, path: Path) -> Iterator[None]:
        """Speak a file into the microphone while the block runs."""
        with self._running("play", path):
            yield

    @contextmanager
    def listening(self, path: Path) -> Iterator[None]:
        """Record the loudspeaker into a file while the block runs."""
        with self._running("listen", path):
            time.sleep(0.5)
            yield
            time.sleep(0.5)

    @contextmanager
    def _running(self, command: str, path: Path) -> Iterator[None]:
        with subprocess.Popen([VIRTUAL_MIC, command, path], env=self._environment()) as process:
            try:
                yield
            finally:
                process.terminate()

    def _environment(self) -> dict[str, str]:
        return os.environ | {"VIRTUAL_MIC_DIR": str(self.folder), "VIRTUAL_MIC_RATE": str(self.rate_hz)}


@pytest.fixture(scope="session")
def virtual_audio() -> Iterator[VirtualAudio]:
    """Run a virtual sound card for the whole session; PortAudio sees only its devices."""
    for program in ("pulseaudio", "pactl", "parec", "paplay"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt-get install pulseaudio pulseaudio-utils libasound2-plugins")
    # PortAudio reads the list of devices when it is loaded.
    assert "sounddevice" not in sys.modules, "sounddevice was imported before the virtual sound card was there"
    before = {name: os.environ.get(name) for name in ("PULSE_SERVER", "ALSA_CONFIG_PATH")}
    # Not pytest's folder: the path of a socket may have only 107 characters.
    with tempfile.TemporaryDirectory(prefix="virtual-mic-", ignore_cleanup_errors=True) as folder:
        card = VirtualAudio(Path(folder))
        try:
            card.start()
            yield card
        finally:
            card.run("stop")
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@pytest.fixture(scope="session")
def level_meter_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that, on the path, installs the applications meter and gain."""
    site = tmp_path_factory.mktemp("site")
    info = site / "level_meter-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: level-meter\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[acoustic.applications]\nmeter = level_meter.application:application\ngain = level_meter.gain:application\n"
    )
    return site


@pytest.fixture
def level_meter(level_meter_site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the applications meter and gain, for this process and for those that it starts."""
    monkeypatch.syspath_prepend(level_meter_site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (level_meter_site, APPLICATIONS))))
