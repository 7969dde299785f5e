"""Panels that say what made a recording unusual: bands of the spectrum, and the rotor's orders."""

import textwrap
from typing import Any, get_args

import numpy as np

from acoustic.frontend import FrontEnd
from acoustic.plot import band_of

from ..result import Rotor, Score
from ..rotor import Order, Quantity
from ..rotor.orders import ORDERS
from ..scorer.explain import LEAST_Z

#: Red and blue that colour-blind people can tell apart, as everywhere in the picture: more and less than usual.
MORE, LESS = "#b2182b", "#2166ac"
#: Once, twice, three times a revolution.
ORDER_COLOURS = ("#d55e00", "#0072b2", "#8c8c8c")
#: An order far below its floor says no more than one at it.
LEAST_RISE = 0.5
#: Room for the legend below the lowest group.
LEGEND_ROWS = 2.6


def draw_unusual_bands(axes: Any, score: Score, frontend: FrontEnd) -> None:
    """Draw a bar for each band that stands out, beside a spectrogram over the same mel bands."""
    axes.set_title("bands not as usual", loc="left", fontsize=10)
    axes.tick_params(labelleft=False)
    axes.set_xlabel("less  ←  standard deviations  →  more")
    axes.axvline(0.0, color="black", linewidth=0.8)
    axes.grid(axis="x", alpha=0.3)
    reach = 1.1 * max([2 * LEAST_Z, *(band.z for band in score.bands)])
    axes.set_xlim(-reach, reach)
    for band in score.bands:
        low, high = band_of(frontend, (band.low_hz, band.high_hz))
        side = 1 if band.sign == "+" else -1
        colour = MORE if band.sign == "+" else LESS
        axes.barh((low + high) / 2, side * band.z, height=high - low, color=colour, edgecolor="white", linewidth=1)
        # The other side of the middle is free: a section has one bar.
        axes.text(
            -0.03 * side * reach,
            (low + high) / 2,
            f"{band.what} {band.sign}{band.z:.1f}",
            ha="right" if side > 0 else "left",
            va="center",
            fontsize=8,
        )
    if not score.bands:
        words = "not scored" if score.score is None else "none"
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", backgroundcolor="white")


def draw_rotor(figure: Any, place: Any, score: Score) -> None:
    """Draw how far the rotor's orders rise over their floor; in words, why not, when there is no reading."""
    reading = score.rotor
    if reading is None:
        axes = figure.add_subplot(place)
        axes.set_axis_off()
        axes.set_title("blades", loc="left", fontsize=10)
        words = score.no_rotor or "this model does not judge rotors"
        axes.text(0.5, 0.5, textwrap.fill(words, 30), transform=axes.transAxes, ha="center", va="center")
        return
    quantities = [quantity for quantity in get_args(Quantity) if quantity != "level"]
    grid = place.subgridspec(1, len(quantities))
    first = None
    for column, quantity in enumerate(quantities):
        axes = first = figure.add_subplot(grid[0, column], sharey=first)
        orders = [order for order in reading.orders if order.quantity == quantity]
        _draw_orders(axes, orders)
        axes.set_xlabel(f"{quantity}, times its floor")
        axes.tick_params(labelleft=column == 0)
        if column == 0:
            axes.set_ylabel("frequency (kHz)")
            axes.set_title(_rotor_words(reading), loc="left", fontsize=10)
            axes.text(0.95, 0.02, "pale: within\nchance", transform=axes.transAxes, ha="right", va="bottom", fontsize=8)
        else:
            axes.legend(loc="lower right", fontsize=8, frameon=False)


def _draw_orders(axes: Any, orders: list[Order]) -> None:
    """Draw the orders of one quantity: three bars a group of bands, pale where chance alone reaches as far."""
    edges = sorted({(order.low_hz, order.high_hz) for order in orders})
    height = 0.8 / len(ORDERS)
    for order in orders:
        row = edges.index((order.low_hz, order.high_hz)) + 0.4 - height * (ORDERS.index(order.order) + 0.5)
        rise = np.clip(order.level_db / max(order.floor_db, 1e-3), LEAST_RISE, None)
        axes.barh(
            row,
            rise - 1.0,
            height,
            left=1.0,
            color=ORDER_COLOURS[ORDERS.index(order.order)],
            alpha=1.0 if order.z >= LEAST_Z else 0.35,
        )
    for order_number, colour in zip(ORDERS, ORDER_COLOURS, strict=True):
        axes.bar(0, 0, color=colour, label=f"{order_number}P")
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlim(LEAST_RISE, max(4.0, 1.1 * axes.get_xlim()[1]))
    axes.set_ylim(-LEGEND_ROWS, len(edges) - 0.5)
    axes.set_yticks(range(len(edges)), [f"{np.sqrt(low * high) / 1000:.2g}" for low, high in edges])
    axes.grid(axis="x", alpha=0.3)


def _rotor_words(rotor: Rotor) -> str:
    words, p_value = f"blades: {rotor.rpm:.1f} rpm", rotor.p_value_for_machine
    return words if p_value is None else f"{words}, p = {p_value:.2g}"
