"""The fitting stage after the mask: gains for one ear's audiogram. Assistive software, not a medical device."""

from .audiogram import Audiogram
from .stage import NOTICE, Fitting, FittingSettings

__all__ = ["NOTICE", "Audiogram", "Fitting", "FittingSettings"]
