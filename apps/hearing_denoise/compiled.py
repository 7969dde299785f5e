"""The chain computed in C: what firmware runs, over the network of any bundle. The bytes are those of NumPy."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.frontend.c_tables import stft_fields, synthesis_fields
from acoustic.frontend.compiled import StftDefinition, SynthesisDefinition
from acoustic.frontend.framing import check_pcm
from acoustic.model.compiled import NativeProgram
from acoustic.model.runtime import Network

from .features import FRONT_END, N_BINS, N_FEATURES
from .network import UNITS

#: Folder of the C, and of the library that it is compiled into.
HOME = Path(__file__).parent / "csrc"
#: Numbers of each input and of each output that the C has room for.
INPUTS, OUTPUTS = (N_FEATURES, UNITS, UNITS), (N_BINS, UNITS, UNITS)


def definitions() -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of the C structures that analysis and synthesis are defined by."""
    return stft_fields(FRONT_END.windows), synthesis_fields(FRONT_END.windows)


class NativeStream:
    """A stream of PCM through the compiled chain, with its memory; :meth:`begin` makes it.

    Parameters
    ----------
    library : ctypes.CDLL
    program : NativeProgram
        The network.
    floor, wet : float32
        Gain that no bin falls below, and the share of the denoised sound to begin with.
    """

    def __init__(self, library: ctypes.CDLL, program: NativeProgram, floor: np.float32, wet: np.float32) -> None:
        analysis, synthesis = definitions()
        self._program, self._memory = program, program.new_memory()
        self._definitions = StftDefinition(analysis), SynthesisDefinition(synthesis)
        library.acoustic_hearing_stream_bytes.restype = ctypes.c_size_t
        self._stream = ctypes.create_string_buffer(library.acoustic_hearing_stream_bytes())
        self._push = library.acoustic_hearing_stream_push
        self._push.restype = ctypes.c_size_t
        self._push.argtypes = [ctypes.c_void_p, ctypes.c_float, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
        plan, factors = program.program, (ctypes.c_float(float(floor)), ctypes.c_float(float(wet)))
        library.acoustic_hearing_stream_start(
            self._stream, *map(ctypes.byref, self._definitions), *factors,
            program.calls, ctypes.c_int64(len(program.calls)), ctypes.c_void_p(self._memory.ctypes.data),
            (ctypes.c_int64 * 6)(*plan.inputs, *plan.outputs),
        )  # fmt: skip

    @classmethod
    def begin(cls, network: Network, floor: np.float32, wet: np.float32) -> "NativeStream | None":
        """Begin a stream, or return None where NumPy has to compute: without the library, or for other shapes."""
        library, program = native.core(HOME), network.native()
        if library is None or program is None:
            return None
        sizes = [tuple(int(np.prod(spec.shape)) for spec in specs) for specs in (network.inputs, network.outputs)]
        scales = [[(spec.scale, spec.zero_point) for spec in specs[1:]] for specs in (network.inputs, network.outputs)]
        # A state goes in again as it came out.
        fits = sizes == [INPUTS, OUTPUTS] and scales[0] == scales[1]
        return cls(library, program, floor, wet) if fits else None

    def push(self, pcm: NDArray[np.int16], wanted: np.float32) -> NDArray[np.int16]:
        """Take samples and return those that are ready; the share of the denoised sound goes on to what is wanted."""
        check_pcm(pcm)
        pcm = np.ascontiguousarray(pcm)
        out = np.empty(len(pcm) + FRONT_END.hop_samples, np.int16)
        n = self._push(self._stream, wanted, pcm.ctypes.data, len(pcm), out.ctypes.data)
        return out[:n]
