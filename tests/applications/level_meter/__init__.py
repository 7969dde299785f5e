"""Hear loud seconds. This package has two applications of the smallest kind, for tests; the other one makes sound."""
