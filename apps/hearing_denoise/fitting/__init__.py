"""The fitting stage after the mask: gains for one ear's audiogram. Assistive software, not a medical device."""

from apps.hearing_denoise.fitting.audiogram import Audiogram
from apps.hearing_denoise.fitting.stage import NOTICE, Fitting, FittingSettings

__all__ = ["NOTICE", "Audiogram", "Fitting", "FittingSettings"]
