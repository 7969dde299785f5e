"""The smallest application that has everything: frames of sound, a network, events; quick to prove and measure."""

from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import numpy as np

from acoustic.application import Application
from acoustic.firmware import Firmware
from acoustic.frontend import FrontEnd
from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network

NETWORK = (Path(__file__).parent.parent / "model" / "models" / "dense.tflite").read_bytes()
RATE_HZ = 8000
FRAME = 80
LOUD = 8000
STAGES = ("levels", "outputs", "events")
HEADER = """\
/*
 * Hears loud sounds.
 *
 *     acoustic_toy_push(&toy, pcm, n, hear);
 */
#ifndef ACOUSTIC_TOY_H
#define ACOUSTIC_TOY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Memory ---- */

typedef struct {
    uint32_t sum;
    uint32_t in_frame; /* Samples. */
    uint32_t frame;
} acoustic_toy;

/* ---- Functions ---- */

/* Told the number of a loud frame. */
typedef void acoustic_toy_listener(uint32_t frame);

/* Take n samples. */
void acoustic_toy_push(acoustic_toy *toy, const int16_t *pcm, size_t n, acoustic_toy_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
"""
SOURCE = """\
#include "acoustic_toy.h"

#include "acoustic_toy_network.h"
#include "acoustic_trace.h"

static void end_frame(acoustic_toy *toy, acoustic_toy_listener *listener)
{
    const uint16_t level = (uint16_t)(toy->sum / 80u);
    int8_t *input = acoustic_toy_network_input_0();
    for (int i = 0; i < ACOUSTIC_TOY_NETWORK_INPUT_0_BYTES; i++) {
        input[i] = (int8_t)(level / 256 - i);
    }
    acoustic_toy_network_run();
    ACOUSTIC_TRACE(0, &level, sizeof level);
    ACOUSTIC_TRACE(1, acoustic_toy_network_output_0(), ACOUSTIC_TOY_NETWORK_OUTPUT_0_BYTES);
    if (level > 8000) {
        listener(toy->frame);
    }
    toy->sum = toy->in_frame = 0;
    toy->frame++;
}

void acoustic_toy_push(acoustic_toy *toy, const int16_t *pcm, size_t n, acoustic_toy_listener *listener)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t sample = pcm[i];
        toy->sum += (uint32_t)(sample < 0 ? -sample : sample);
        if (++toy->in_frame == 80u) {
            end_frame(toy, listener);
        }
    }
}
"""
REPLAY = """\
#include "acoustic_toy.h"
#include "acoustic_trace.h"
#include "replay.h"

static acoustic_toy toy;

static void hear(uint32_t frame)
{
    (void)frame;
    ACOUSTIC_TRACE(2, &frame, sizeof frame);
}

void replay_start(void) {}

void replay_push(const int16_t *pcm, size_t n)
{
    acoustic_toy_push(&toy, pcm, n, hear);
}

void replay_end(void) {}
"""
LISTEN = """\
#include "listen.h"

#include "acoustic_toy.h"

static acoustic_toy toy;

static void hear(uint32_t frame)
{
    say_text("loud frame ");
    say_number((int32_t)frame);
    say_text("\\n");
}

void listen_start(void) {}

void listen_push(const int16_t *pcm, size_t n)
{
    acoustic_toy_push(&toy, pcm, n, hear);
}

void listen_end(void) {}
"""


def example_pcm():
    """A tone that swells and fades."""
    t = np.arange(2 * RATE_HZ)
    return np.rint(20_000 * np.sin(t * 0.3) * np.sin(t * np.pi / len(t))).astype(np.int16)


def expected(pcm):
    """Bytes of each stage, as the C traces them."""
    frames = np.abs(pcm[: len(pcm) // FRAME * FRAME].astype(np.int32)).reshape(-1, FRAME)
    levels = (frames.sum(axis=1) // FRAME).astype("<u2")
    inputs = (levels[:, np.newaxis] // 256).astype(np.int16) - np.arange(20)
    (outputs,) = Network.from_bytes(NETWORK).run(inputs.astype(np.int8))
    events = np.flatnonzero(levels > LOUD).astype("<u4")
    return {"levels": levels.tobytes(), "outputs": outputs.tobytes(), "events": events.tobytes()}


def firmware(bundle):
    return Firmware(
        application="toy",
        header="acoustic_toy.h",
        sources={"acoustic_toy.h": HEADER, "acoustic_toy.c": SOURCE},
        core=("acoustic_trace.h",),
        networks={"acoustic_toy_network": bundle.network},
        replay=REPLAY,
        listen=LISTEN,
        stages=STAGES,
        expected=expected,
        rate_hz=RATE_HZ,
        example_pcm=example_pcm(),
    )


def wrong_firmware(bundle):
    """One whose Python expects another byte."""

    def other(pcm):
        levels = bytearray(expected(pcm)["levels"])
        levels[7] ^= 1
        return expected(pcm) | {"levels": bytes(levels)}

    return replace(firmware(bundle), expected=other)


@dataclass(frozen=True, kw_only=True)
class Row:
    file: str = ""
    error: str | None = None


def not_in_an_export(*_):
    raise AssertionError


FRONT_END = FrontEnd(
    rate_hz=RATE_HZ, frame_samples=256, hop_samples=128, n_fft=256, n_mels=20, fmin_hz=50, fmax_hz=4000
)
APPLICATION = Application(
    name="toy",
    help="Hears loud sounds.",
    options=Row,
    read=lambda bundle: bundle,
    chain=not_in_an_export,
    collect=not_in_an_export,
    result=Row,
    events={},
    stages=not_in_an_export,
    front_end=FRONT_END,
    firmware=firmware,
)
WRONG_APPLICATION = replace(APPLICATION, firmware=wrong_firmware)
APPLICATION_WITHOUT_FIRMWARE = replace(APPLICATION, firmware=None)


def toy_bundle(**changes):
    parts = {
        "application": "toy",
        "name": "loud sounds",
        "version": "1.2.3",
        "frontend": FRONT_END,
        "network": NETWORK,
        "decision": {},
        "calibration": {},
        "vectors": {},
        "card": "# Loud sounds\n",
    }
    return Bundle(**parts | changes)


def points(**applications):
    """Make entry points: name of an application = its name here."""
    return lambda group: EntryPoints(
        EntryPoint(name, f"toy_application:{application}", group) for name, application in applications.items()
    )
