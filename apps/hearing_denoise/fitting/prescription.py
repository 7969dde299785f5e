"""How much gain an ear needs: the NAL-R prescription for speech at a conversational level."""

from .audiogram import FREQUENCIES_HZ, Audiogram

#: Byrne and Dillon 1986: what makes the bands of speech equally loud, and the share of the loss made up for.
_SPEECH_DB = {250: -17.0, 500: -8.0, 1000: 1.0, 2000: -1.0, 4000: -2.0, 6000: -2.0}
_SHARE_OF_LOSS = 0.31
_AVERAGED_HZ = (500, 1000, 2000)
_SHARE_OF_SUM = 0.05
#: Byrne, Parkinson and Newall 1991: beyond a mean of 60 dB HL, a fifth of what exceeds it is added.
_SEVERE_SUM_DB = 180.0
_SHARE_OF_SEVERE = 0.2 / 3


def nal_r_gains_db(audiogram: Audiogram) -> tuple[float, ...]:
    """Return the real-ear insertion gain at each of ``FREQUENCIES_HZ``, in dB, never negative.

    NAL-R (Byrne and Dillon 1986, Ear and Hearing 7:257-265) with NAL-RP's additional gain for severe losses (Byrne,
    Parkinson and Newall 1991). NAL-RP's other correction, for thresholds of 95 dB HL and more at 2 kHz, is left out:
    it shifts gain to the low frequencies where the ear is nearly deaf at the high ones, a loss that wants a fitting by
    a professional. Conductive losses are not told from others. An ear without any loss gets no gain, where the formula
    would give it 1 dB at 1 kHz.

    Parameters
    ----------
    audiogram : Audiogram
    """
    if max(audiogram.thresholds_db_hl) <= 0.0:
        return (0.0,) * len(FREQUENCIES_HZ)
    loss = dict(zip(FREQUENCIES_HZ, audiogram.thresholds_db_hl, strict=True))
    total = sum(loss[frequency_hz] for frequency_hz in _AVERAGED_HZ)
    overall = _SHARE_OF_SUM * total + _SHARE_OF_SEVERE * max(0.0, total - _SEVERE_SUM_DB)
    return tuple(max(0.0, overall + _SHARE_OF_LOSS * loss[f] + _SPEECH_DB[f]) for f in FREQUENCIES_HZ)
