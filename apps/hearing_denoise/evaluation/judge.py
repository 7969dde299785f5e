"""One clip by all systems: every measure of every one, or the sentence that says why there is none."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from typing import Annotated

import numpy as np

from acoustic.errors import AcousticError
from acoustic.records import About
from acoustic.score.processes import in_order, workers

from .haspi import MODERATE, NORMAL, haspi
from .metrics import (
    RATE_HZ,
    log_kurtosis_ratio,
    pause_reduction_db,
    pesq_wb,
    reduction_db,
    remaining_noise,
    si_sdr_db,
    stoi,
)
from .pairs import Loadable, NoisyClip
from .rivals import RIVALS
from .systems import System, Untouched, networks, spectral_gate

#: A denoiser may learn the noise for so long before noise alone is measured.
SETTLED_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One clip by one system. None where there is nothing to measure."""

    clip: str
    speech: Annotated[str, About("What is said: clips that share it are alike.")]
    snr_db: Annotated[float, About("Of the mixture.", unit="dB")]
    noise: Annotated[str, About("Kind of noise; empty when unknown.")]
    system: str
    pesq: float
    stoi: float
    estoi: float
    si_sdr_db: float
    pause_reduction_db: Annotated[
        float | None, About("By how much the noise falls in the mixture while nobody speaks.", unit="dB")
    ]
    clean_pesq: Annotated[
        float | None, About("PESQ of the clean speech sent through alone; of one clip per speech, as the next two.")
    ] = None
    noise_reduction_db: Annotated[
        float | None, About("By how much the noise sent through alone falls, after the first second.", unit="dB")
    ] = None
    musical_noise: Annotated[float | None, About("Log kurtosis ratio of that noise: 0 for none.")] = None
    haspi_normal: float | None = None
    haspi_moderate: float | None = None


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, kw_only=True)
class JudgedClip:
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


def some_of(total: int, count: int) -> frozenset[int]:
    """Choose ``count`` positions of ``total``, the same every time, spread over all ratios and noises."""
    return frozenset(np.random.default_rng(0).permutation(total)[:count].tolist())


def judge_all(
    clips: Iterable[Loadable], setup: Setup, *, jobs: int, with_haspi: frozenset[int] = frozenset()
) -> Iterator[JudgedClip]:
    """Judge clips in the order given.

    Parameters
    ----------
    clips
    setup : Setup
    jobs : int
        Number of processes; 1 works in this one.
    with_haspi : frozenset of int
        Positions of the clips that are measured by HASPI too, which takes seconds.

    Raises
    ------
    BundleError
        At once, when the network cannot be loaded.
    """
    competitors(setup)
    return _run(partial(_judge, setup), _tasks(clips, with_haspi), jobs)


def _run(job: Callable[["_Task"], JudgedClip], tasks: Iterable["_Task"], jobs: int) -> Iterator[JudgedClip]:
    if jobs == 1:
        yield from map(job, tasks)
        return
    with workers(jobs) as executor:
        yield from in_order(job, tasks, executor, jobs)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Task:
    clip: Loadable
    alone: bool
    """Whether clean speech and noise are sent through alone too."""
    haspi: bool


def _tasks(clips: Iterable[Loadable], with_haspi: frozenset[int]) -> Iterator[_Task]:
    speeches: set[str] = set()
    for number, clip in enumerate(clips):
        yield _Task(clip=clip, alone=clip.speech not in speeches, haspi=number in with_haspi)
        speeches.add(clip.speech)


def _judge(setup: Setup, task: _Task) -> JudgedClip:
    try:
        clip = task.clip.load()
        rows = tuple(_row(clip, system, task) for system in competitors(setup))
    except AcousticError as error:
        return JudgedClip(name=task.clip.name, error=str(error))
    return JudgedClip(name=task.clip.name, rows=rows)


def _row(clip: NoisyClip, system: System, task: _Task) -> Row:
    """Measure one system; raise `AcousticError` when the clip has too little speech to be judged by."""
    enhanced = system.process(clip.noisy)
    row = Row(
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
    )
    if task.haspi:
        normal, moderate = (haspi(clip.clean, enhanced, levels) for levels in (NORMAL, MODERATE))
        row = replace(row, haspi_normal=normal, haspi_moderate=moderate)
    return _with_alone(row, clip, system) if task.alone else row


def _with_alone(row: Row, clip: NoisyClip, system: System) -> Row:
    """Send the clean speech through without noise, and the noise without speech."""
    noise = remaining_noise(clip.clean, clip.noisy)
    settled = np.s_[round(SETTLED_S * RATE_HZ) :]
    before, after = noise[settled], system.process(noise)[settled]
    reduction = reduction_db(before, after)
    return replace(
        row,
        clean_pesq=pesq_wb(clip.clean, system.process(clip.clean)),
        noise_reduction_db=reduction,
        musical_noise=None if reduction is None else log_kurtosis_ratio(before, after),
    )
