"""The denoiser computed in C: what firmware runs, over the network of any bundle. The bytes are those of NumPy.

The library is compiled for the front end that ships. For any other, NumPy puts the chain together, of a front end and a
network that are compiled all the same.
"""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic import native
from acoustic.frontend.c_tables import stft_fields, synthesis_fields
from acoustic.frontend.compiled import StftDefinition, SynthesisDefinition
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.frontend.framing import check_pcm
from acoustic.model.compiled import NativeProgram

from .features import FRONT_END
from .model import HearingModel
from .network import UNITS

#: Folder of the C, and of the library that it is compiled into.
HOME = Path(__file__).parent / "csrc"


def definitions(front_end: EnhancementFrontEnd) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fields of the C structures that analysis and synthesis are defined by."""
    return stft_fields(front_end.windows), synthesis_fields(front_end.windows)


class CompiledStream:
    """A stream of PCM through the compiled denoiser, with its memory; :meth:`begin` makes it.

    Parameters
    ----------
    library : ctypes.CDLL
    program : NativeProgram
        The network.
    floor, share : float32
        Gain that no bin falls below, and the share of the denoised sound to begin with.
    """

    def __init__(self, library: ctypes.CDLL, program: NativeProgram, floor: np.float32, share: np.float32) -> None:
        analysis, synthesis = definitions(FRONT_END)
        self._program, self._memory = program, program.new_memory()
        self._definitions = StftDefinition(analysis), SynthesisDefinition(synthesis)
        library.acoustic_hearing_stream_bytes.restype = ctypes.c_size_t
        self._stream = ctypes.create_string_buffer(library.acoustic_hearing_stream_bytes())
        self._push = library.acoustic_hearing_stream_push
        self._push.restype = ctypes.c_size_t
        self._push.argtypes = [ctypes.c_void_p, ctypes.c_float, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
        plan, factors = program.program, (ctypes.c_float(float(floor)), ctypes.c_float(float(share)))
        library.acoustic_hearing_stream_start(
            self._stream, *map(ctypes.byref, self._definitions), *factors,
            program.calls, ctypes.c_int64(len(program.calls)), ctypes.c_void_p(self._memory.ctypes.data),
            (ctypes.c_int64 * 6)(*plan.inputs, *plan.outputs),
        )  # fmt: skip

    @classmethod
    def begin(cls, model: HearingModel, floor: np.float32, share: np.float32) -> "CompiledStream | None":
        """Begin a stream, or return None where NumPy has to compute: without the library, or for other sizes."""
        if model.front_end != FRONT_END or model.units != UNITS:
            return None
        library, program = native.core(HOME), model.network.native()
        return None if library is None or program is None else cls(library, program, floor, share)

    def push(self, pcm: NDArray[np.int16], share: np.float32) -> NDArray[np.int16]:
        """Take samples and return those that are ready; the share of the denoised sound fades to the one given."""
        check_pcm(pcm)
        pcm = np.ascontiguousarray(pcm)
        out = np.empty(len(pcm) + FRONT_END.hop_samples, np.int16)
        n = self._push(self._stream, share, pcm.ctypes.data, len(pcm), out.ctypes.data)
        return out[:n]
