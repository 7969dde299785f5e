"""Playing a stream while it comes in: always a little sound ready, and not more, whatever clocks and computer do."""

import numpy as np

from acoustic.audio import Speaker
from acoustic.audio.source import Pcm16
from acoustic.files import Closing

#: How long the sound in waiting is watched before anything is done about it (s).
WATCH_S = 5.0
#: In this time the stream begins: what a microphone delivers in a burst then only adds to the delay (s).
SETTLE_S = 1.0
#: Change of the sound in waiting that is put right (s); what a busy computer does within a moment is none.
DRIFT_S = 0.015
#: With so much more in waiting than wanted, the program has been held up: the rest is left out at once (s).
EXCESS_S = 0.2
#: Length of a cross-fade (s).
FADE_S = 0.004


class Playout(Closing):
    """Plays blocks through a loudspeaker that has a clock of its own.

    It begins with silence of ``buffer_s``, which then waits ahead of every block; what piled up while everything
    was started is left out, and does not count. When the loudspeaker has run out of sound it plays silence until
    as much waits again. When the sound in waiting grows or shrinks because the loudspeaker is slower or faster
    than the microphone, blocks are left out or played twice, with a cross-fade.

    Parameters
    ----------
    speaker : Speaker
        Is closed with the playout. Its queue must hold more than ``buffer_s`` and a second.
    buffer_s : float
        Sound kept ready (s): less is quicker, more is safer.

    Attributes
    ----------
    dropped, repeated : int
        Blocks left out and blocks played twice.
    """

    def __init__(self, speaker: Speaker, buffer_s: float) -> None:
        self.speaker = speaker
        self.dropped = self.repeated = 0
        self._buffer_s = buffer_s
        self._fade = np.linspace(0.0, 1.0, round(FADE_S * speaker.rate_hz), dtype=np.float32)
        self._last: Pcm16 = np.empty(0, np.int16)
        # How the sound already written would go on, where something else follows.
        self._continuation: Pcm16 | None = None
        self._underruns = -1
        self._settled = False
        self._surplus_s = 0.0
        self._usual_s: float | None = None
        self._watched: list[float] = []
        self._watched_s = 0.0

    @property
    def lost_blocks(self) -> int:
        """Times that the loudspeaker ran out of sound, and blocks left out, played twice, or come while it was away."""
        return self.speaker.underruns + self.dropped + self.repeated + self.speaker.health.dropped_blocks

    @property
    def delay_s(self) -> float:
        """Time from a sample's writing to its sounding, as far as it is known (s)."""
        return self.speaker.waiting_s + self.speaker.latency_s

    def attend(self) -> bool:
        """Look after the loudspeaker; return whether it has just come back, and the sound begins anew.

        Raises
        ------
        DeviceError
            If the loudspeaker went away and did not come back in time.
        """
        if back := self.speaker.attend():
            self._underruns = -1
        return back

    def write(self, pcm: Pcm16) -> None:
        """Play samples, int16 of one dimension; while the loudspeaker is away they are dropped."""
        if self.speaker.away:
            self.speaker.write(pcm)
            return
        waiting_s = self.speaker.waiting_s
        if self._underruns != self.speaker.underruns:
            self._underruns = self.speaker.underruns
            waiting_s = self._begin(waiting_s)
        if len(pcm) < len(self._fade):
            self.speaker.write(pcm)
            return
        duration_s = len(pcm) / self.speaker.rate_hz
        self._watch(waiting_s, duration_s)
        if self._surplus_s > duration_s / 2:
            self.dropped += self._settled
            self._surplus_s -= duration_s
            if self._continuation is None:
                self._continuation = pcm
            return
        if self._surplus_s < -duration_s / 2 and len(self._last):
            self.repeated += 1
            self._surplus_s += len(self._last) / self.speaker.rate_hz
            self.speaker.write(self._faded(pcm, self._last))
        if self._continuation is not None:
            pcm, self._continuation = self._faded(self._continuation, pcm), None
        self.speaker.write(pcm)
        self._last = pcm

    def close(self) -> None:
        """Play what waits, then close the loudspeaker."""
        self.speaker.close()

    def _begin(self, waiting_s: float) -> float:
        """Put silence ahead of what comes; return what then waits (s)."""
        missing_s = max(0.0, self._buffer_s - waiting_s)
        self.speaker.write(np.zeros(round(missing_s * self.speaker.rate_hz), np.int16))
        self._continuation = np.zeros(len(self._fade), np.int16)
        self._surplus_s, self._usual_s = 0.0, None
        self._watched, self._watched_s = [], 0.0
        return waiting_s + missing_s

    def _watch(self, waiting_s: float, duration_s: float) -> None:
        """Find how much more waits than should (s)."""
        self._watched.append(waiting_s)
        self._watched_s += duration_s
        if waiting_s > self._buffer_s + EXCESS_S and self._settled:
            self._surplus_s = waiting_s - self._buffer_s
        if self._watched_s < (WATCH_S if self._settled else SETTLE_S):
            return
        # In the second half: a burst at the beginning has come by then.
        never_needed_s = min(self._watched[len(self._watched) // 2 :]) - self._buffer_s
        mean_s = sum(self._watched) / len(self._watched)
        if never_needed_s > DRIFT_S:
            self._surplus_s, self._usual_s = never_needed_s, None
        elif not self._settled:
            self._settled = True
        elif self._usual_s is None:
            self._usual_s = mean_s
        elif abs(mean_s - self._usual_s) > DRIFT_S:
            self._surplus_s = mean_s - self._usual_s
        self._watched, self._watched_s = [], 0.0

    def _faded(self, start: Pcm16, end: Pcm16) -> Pcm16:
        """Return ``end`` with a beginning that goes over from ``start``'s."""
        n = len(self._fade)
        out = end.copy()
        out[:n] = np.rint(start[:n] + self._fade * (end[:n].astype(np.float32) - start[:n]))
        return out
