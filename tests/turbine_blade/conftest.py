"""Models of two simulated turbines that every test of the application may start from.

Each is fitted once a session, in a few seconds and without TensorFlow; `made_models` has the parts that it is made
from, sound of the same turbines (`turbine_sound`) among them.
"""

import made_models
import pytest
from acoustic_apps.turbine_blade.scorer.model import TurbineModel


@pytest.fixture(scope="session")
def small_model() -> TurbineModel:
    """Judges clips of 4.1 s; knows ``turbine_01`` and ``turbine_02``; no rotor, no conditions."""
    return made_models.small_model()


@pytest.fixture(scope="session")
def rotor_model() -> TurbineModel:
    """The small model with a rotor channel: recordings of 31 s or more have a reading."""
    return made_models.rotor_model()
