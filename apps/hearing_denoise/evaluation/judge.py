"""One clip by all systems: every measure of every one, or the sentence that says why there is none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cache, partial

import numpy as np

from acoustic.errors import AcousticError
from acoustic.score.processes import in_order
from apps.hearing_denoise.evaluation.haspi import MODERATE, NORMAL, haspi
from apps.hearing_denoise.evaluation.metrics import (
    RATE_HZ,
    log_kurtosis_ratio,
    pause_reduction_db,
    pesq_wb,
    reduction_db,
    remaining_noise,
    si_sdr_db,
    stoi,
)
from apps.hearing_denoise.evaluation.pairs import Clip, Loadable
from apps.hearing_denoise.evaluation.rivals import RIVALS
from apps.hearing_denoise.evaluation.systems import System, Untouched, networks, spectral_gate

#: A denoiser may learn the noise for so long before noise alone is measured.
SETTLED_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One clip by one system. None where there is nothing to measure."""

    clip: str
    speech: str
    snr_db: float
    noise: str
    system: str
    pesq: float
    stoi: float
    estoi: float
    si_sdr_db: float
    pause_reduction_db: float | None
    """By how much the noise falls in the mixture while nobody speaks."""
    clean_pesq: float
    """PESQ of the clean speech sent through."""
    noise_reduction_db: float | None
    """By how much the noise sent through alone falls, after the first second."""
    musical_noise: float | None
    """Log kurtosis ratio of that noise: 0 for none."""
    haspi_normal: float | None = None
    haspi_moderate: float | None = None


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What became of one clip."""

    name: str
    rows: tuple[Row, ...] = ()
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What is compared, in a form that reaches other processes."""

    bundle: str | None
    """File or name of the network's bundle, None for none."""
    rivals: bool


@cache
def competitors(setup: Setup) -> tuple[System, ...]:
    """Everything that can be run here: the noisy input first, then ours, then the rivals that are installed."""
    rivals = [rival for rival in RIVALS if rival.installed] if setup.rivals else []
    return (Untouched(), *networks(setup.bundle), spectral_gate(), *rivals)


def judge_all(
    clips: Iterable[Loadable], setup: Setup, *, jobs: int, with_haspi: frozenset[int] = frozenset()
) -> Iterator[Judged]:
    """Judge clips in the order given.

    Parameters
    ----------
    clips
    setup : Setup
    jobs : int
        Number of processes; 1 works in this one.
    with_haspi : frozenset of int
        Positions of the clips that are measured by HASPI too, which takes seconds.
    """
    tasks = ((clip, number in with_haspi) for number, clip in enumerate(clips))
    job = partial(_judge, setup)
    return map(job, tasks) if jobs == 1 else in_order(job, tasks, jobs)


def _judge(setup: Setup, task: tuple[Loadable, bool]) -> Judged:
    source, with_haspi = task
    try:
        clip = source.load()
        rows = tuple(judge(clip, system, with_haspi=with_haspi) for system in competitors(setup))
    except AcousticError as error:
        return Judged(name=source.name, error=str(error))
    return Judged(name=source.name, rows=rows)


def judge(clip: Clip, system: System, *, with_haspi: bool = False) -> Row:
    """Send a mixture, its clean speech and its noise through a system, and measure what comes out.

    Raises
    ------
    AcousticError
        When the clip has too little speech to be judged by.
    """
    enhanced = system.process(clip.noisy)
    noise = remaining_noise(clip.clean, clip.noisy)
    settled = np.s_[round(SETTLED_S * RATE_HZ) :]
    before, after = noise[settled], system.process(noise)[settled]
    reduction = reduction_db(before, after)
    return Row(
        clip=clip.name,
        speech=clip.speech,
        snr_db=clip.snr_db,
        noise=clip.noise,
        system=system.name,
        pesq=pesq_wb(clip.clean, enhanced),
        stoi=stoi(clip.clean, enhanced),
        estoi=stoi(clip.clean, enhanced, extended=True),
        si_sdr_db=si_sdr_db(clip.clean, enhanced),
        pause_reduction_db=pause_reduction_db(clip.clean, clip.noisy, enhanced),
        clean_pesq=pesq_wb(clip.clean, system.process(clip.clean)),
        noise_reduction_db=reduction,
        musical_noise=None if reduction is None else log_kurtosis_ratio(before, after),
        haspi_normal=haspi(clip.clean, enhanced, NORMAL) if with_haspi else None,
        haspi_moderate=haspi(clip.clean, enhanced, MODERATE) if with_haspi else None,
    )
