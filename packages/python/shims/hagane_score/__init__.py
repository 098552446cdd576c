"""Scores one model on a table whose truth is known, for a gate to judge it by."""
