"""Scoring many recordings: on several cores, with bad files set aside."""

from acoustic.score.batch import Outcome, Scorer, score_all

__all__ = ["Outcome", "Scorer", "score_all"]
