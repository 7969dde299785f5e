"""Scoring many recordings: on any executor, with bad files set aside, resumable, to wherever the results go."""

from acoustic.score.batch import Outcome, score_all
from acoustic.score.processes import in_order, make_missing, workers
from acoustic.score.recording import Task, score_recording
from acoustic.score.writers import Form

__all__ = [
    "Form",
    "Outcome",
    "Task",
    "in_order",
    "make_missing",
    "score_all",
    "score_recording",
    "workers",
]
