"""Scoring many recordings: on several cores, with bad files set aside."""

from acoustic.score.batch import Outcome, Scorer, score_all
from acoustic.score.processes import make_missing, workers

__all__ = ["Outcome", "Scorer", "make_missing", "score_all", "workers"]
