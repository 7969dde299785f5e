"""The model as it is read from a bundle: front end, int8 network, settings, checked against each other."""

from dataclasses import dataclass, field
from typing import Annotated, Self

from acoustic.errors import BundleError
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network
from acoustic.records import About, read

from .features import BandLayout, layout_of
from .network import GAIN_GRID, INPUT_SCALE, UNIT_SCALE

#: Bounds of what one second of sound costs: frames a second, and frames that each sample lies in.
MOST_FRAMES_PER_S, MOST_OVERLAP = 4000, 16
LOWEST_FLOOR_DB = -60.0


@dataclass(frozen=True, kw_only=True)
class DenoiserSettings:
    """Settings in a bundle."""

    floor_db: Annotated[
        float, About("Gain that no noise falls below unless asked for.", unit="dB", low=LOWEST_FLOOR_DB, high=0.0)
    ]


@dataclass(frozen=True, kw_only=True)
class HearingModel:
    """What takes the noise out of speech.

    Raises
    ------
    BundleError
        When the network is not one of this front end, or the front end takes more work than any sound needs.
    """

    front_end: EnhancementFrontEnd
    tflite: bytes = field(repr=False)
    """The network as a .tflite file."""
    network: Network = field(repr=False)
    decision: DenoiserSettings

    def __post_init__(self) -> None:
        """Check the parts against each other."""
        front_end, layout = self.front_end, self.layout
        if front_end.frames_per_second > MOST_FRAMES_PER_S:
            raise BundleError(f"its front end makes more than {MOST_FRAMES_PER_S} frames a second: use a longer hop")
        if front_end.analysis_samples > MOST_OVERLAP * front_end.hop_samples:
            raise BundleError(f"more than {MOST_OVERLAP} frames of its front end overlap: use a longer hop")
        specs = [*self.network.inputs, *self.network.outputs]
        found = [(spec.shape, spec.dtype, spec.scale, spec.zero_point) for spec in specs]
        state = ((self.units,), "int8", UNIT_SCALE, 0)
        features, gains = ((layout.n_features,), "int8", INPUT_SCALE, 0), ((layout.n_bins,), "int8", *GAIN_GRID)
        if found != [features, state, state, gains, state, state]:
            raise BundleError(
                f"its network does not make {layout.n_bins} gains of {layout.n_features} features and two states on "
                "the grids of this version"
            )

    @classmethod
    def make(cls, front_end: EnhancementFrontEnd, tflite: bytes, decision: DenoiserSettings) -> Self:
        """Make a model of its parts.

        Raises
        ------
        ModelError
            If the network is damaged.
        BundleError
            If the parts do not fit each other.
        """
        return cls(front_end=front_end, tflite=tflite, network=Network.from_bytes(tflite), decision=decision)

    @property
    def layout(self) -> BandLayout:
        """How spectra become features."""
        return layout_of(self.front_end)

    @property
    def units(self) -> int:
        """Numbers of each of the network's two states."""
        shape = self.network.inputs[1].shape if len(self.network.inputs) > 1 else ()
        return shape[0] if len(shape) == 1 else 0


def read_model(bundle: Bundle) -> HearingModel:
    """Read a bundle.

    Raises
    ------
    BundleError
        If it has a front end of another kind, or its network does not fit the front end.
    ParameterError
        If a setting is missing, unknown or out of range.
    """
    if not isinstance(bundle.frontend, EnhancementFrontEnd):
        raise BundleError("its front end gives no way back to sound")
    decision = read(DenoiserSettings, bundle.decision, "decision")
    return HearingModel(front_end=bundle.frontend, tflite=bundle.network, network=bundle.runtime, decision=decision)
