"""The model card of a trained turbine bundle."""

from typing import Any

CARD = """# {name}: hears what is unusual about a machine

**Use.** Ranks recordings of a wind turbine or another machine by how unusual they are, names the parts of the spectrum
and the seconds, and raises an alarm at a wanted number of false alarms a day. It points a technician somewhere; it does
not say what is broken, and silence is no certificate of health.

**Input.** One microphone at a fixed place, best at 16 kHz or more. The model does not depend on the microphone's gain.

**How.** Log-mel frames; an int8 network that predicts a frame from those around it; statistics of levels, of how they
move and of what the network did not expect, without the clip's own level; their Mahalanobis distance, in int8, from
what is usual for the machine. {how}

**Trained on.** {provenance}: {clips} clips of {clip_s:.1f} s from {recordings} recordings of {machines} machine(s),
{hours:.1f} hours, seed {seed}. Weather and surroundings {gate}.

**Thresholds.** The p-value of each normal clip was measured by a model fitted without it and its neighbours in time
(cross-fitting). With {clips} clips nothing rarer than one in {clips} was ever seen; beyond that p-values are an
extrapolation (Pareto tail).

**Limits.** {limits}Machines that were not trained on are judged by what machines are like on the whole, until a
baseline has {own_clips} clips of theirs. Slow changes of a season need a new baseline or recordings from all of it.

**Licence.** Apache-2.0, for what the suite contributes; the recordings' own licence governs a model of them.
"""

HOW_ROTOR = "For rotors, also how the three blades differ from one another, once and twice a revolution."
HOW_MACHINE = "It looks for no rotor."


def write_card(calibration: dict[str, Any], *, name: str, own_clips: int) -> str:
    """Fill in the figures of a training."""
    simulated = calibration["simulated"]
    return CARD.format(
        name=name,
        own_clips=own_clips,
        how=HOW_ROTOR if calibration["rotor_readings"] else HOW_MACHINE,
        provenance="Simulated sound only; no real machine was heard" if simulated else "Recordings of the user's own",
        limits=(
            "It has heard no real turbine: its p-values hold for the simulator, and the command `acoustic turbine "
            "train` makes a model from real recordings. "
            if simulated
            else ""
        ),
        gate="were set aside" if calibration["nuisances"] else "were not set aside, only clipping and silence",
        **{key: calibration[key] for key in ("clips", "clip_s", "recordings", "machines", "hours", "seed")},
    )
