"""The model card of a trained hearing bundle."""

from typing import Any

from .mixtures.noise import MixtureLibrary
from .model import HearingModel

CARD = """# hearing: takes the noise out of speech

**Use.** Makes speech in noise more pleasant to listen to, live or from files. Assistive software, not a medical device:
it diagnoses and treats nothing, and no clinical trial stands behind it.

**Input and output.** One microphone, {rate_khz:g} kHz. Algorithmic delay {latency_ms:g} ms: frames of {frame_ms:g} ms,
a hop of {hop_ms:g} ms, a synthesis window of {synthesis_ms:g} ms.

**How.** Levels of {n_bands} bands relative to the running level and to their own floor (so loudness does not matter);
an int8 network of a dense and two gated recurrent layers; a gain for each of {n_bins} bins, never below {floor_db:g} dB
unless asked for. {weights_kb:.1f} kB of weights, {mmacs:.1f} million multiplications a second, {state_bytes} bytes of
state.

**int8.** Inputs, states and all between lie within -1 and 1 on one grid of 1/128, and what goes into a sigmoid or tanh
on grids of 1/16 and 1/32. Training rounds weights, states and sums to these grids in the forward pass, so int8 states
lose nothing that 16-bit states could bring back, and the network carries none.

**Trained on.** {mixed_hours:g} hours of mixtures made by the computer (seed {seed}, {steps} steps): crowd-sourced clean
English sentences, at other speeds and through other microphones; recorded noises, babble of sentences that are never a
target, and synthetic noises; half of it in simulated rooms, where the target is the sound of the first 50 ms; ratios
of -8 to 22 dB, levels of -50 to -12 dBFS, overload, telephone codecs, noise that comes and goes, noise alone, speech
alone. The loss compares compressed spectra and the whole sound; in the second of two rounds also loudness in critical
bands, much as PESQ does, so PESQ flatters this network a little. The weights are a mean of both rounds' ends;
its shares were chosen on held-out mixtures.

**Measured.** {mixtures} mixtures of held-out sentences and held-out noises (ESC-50, fold 3, and babble), mixed by the
computer; PESQ-WB / STOI / SI-SDR in dB:

| SNR | noisy | float | int8 |
|---|---|---|---|
{rows}

Clean speech sent through: PESQ {clean_pesq}. Noise sent through: {noise_down_db} dB down on the average.

**Limits.** The recordings of speech do not say who speaks, so a person may be on both sides of the split, a sentence
never is. They hold nothing above 8 kHz, and a model of a higher rate leaves nothing there. English only; other
languages, music and singing were not trained on. Babble and a single competing voice are speech too: little is taken
out of them. In rooms the late echo is treated as noise. All figures are of simulated mixtures; real ones decide.

**Sources.** Voices: Picovoice speech-to-intent-benchmark and wake-word-benchmark (Apache-2.0). Noises: Speech Commands
background noise by Google (CC BY 4.0); ESC-50, K. J. Piczak (2015), only clips whose own licence is CC0 or CC BY, folds
1 and 2. The authors of those clips are named in ESC-50's LICENSE under these Freesound numbers: {freesound}.

**Licence.** Apache-2.0.
"""


def write_card(calibration: dict[str, Any], noise: MixtureLibrary, model: HearingModel) -> str:
    """Fill in the figures of a training."""
    front_end, network = model.front_end, model.network
    clips = {path.stem.split("-")[1] for _, path in noise.clips if path.stem.count("-") == 3}
    table = {**calibration["by_snr"], "mean": calibration["means"]}
    rows = [
        f"| {ratio} | " + " | ".join("{:.2f} / {:.3f} / {:.1f}".format(*one[name]) for name in one) + " |"
        for ratio, one in table.items()
    ]
    return CARD.format(
        **calibration,
        rate_khz=front_end.rate_hz / 1000,
        latency_ms=front_end.latency_ms,
        frame_ms=1000 * front_end.analysis_samples / front_end.rate_hz,
        hop_ms=1000 * front_end.hop_samples / front_end.rate_hz,
        synthesis_ms=1000 * front_end.synthesis_samples / front_end.rate_hz,
        n_bands=model.layout.n_bands,
        n_bins=model.layout.n_bins,
        floor_db=model.decision.floor_db,
        weights_kb=network.weight_bytes / 1000,
        mmacs=network.macs * front_end.frames_per_second / 1e6,
        state_bytes=2 * model.units,
        rows="\n".join(rows),
        freesound=", ".join(sorted(clips, key=int)),
    )
