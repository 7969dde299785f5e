"""Two applications of the smallest kind, for tests: one that hears loud seconds, one that makes sound."""
