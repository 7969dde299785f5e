from pathlib import Path

import pytest
from acoustic_apps.hearing_denoise.mixtures.noise import MixtureLibrary
from made_hearing import make_data_root


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data_root(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def train(data: Path) -> MixtureLibrary:
    return MixtureLibrary.load(data, "train")
