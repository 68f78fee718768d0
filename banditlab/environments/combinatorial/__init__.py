"""Environments of the combinatorial game."""
