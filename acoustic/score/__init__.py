"""Scoring many recordings: on several cores, with bad files set aside, to wherever the results go."""

from acoustic.score.batch import Outcome, Scorer, score_all
from acoustic.score.output import csv_line, names_in, write_labels, write_lines, write_results
from acoustic.score.processes import in_order, make_missing, workers
from acoustic.score.sound import enhance_blocks, enhance_recording, places_of

__all__ = [
    "Outcome",
    "Scorer",
    "csv_line",
    "enhance_blocks",
    "enhance_recording",
    "in_order",
    "make_missing",
    "names_in",
    "places_of",
    "score_all",
    "workers",
    "write_labels",
    "write_lines",
    "write_results",
]
