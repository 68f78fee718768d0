"""Policies of the combinatorial game."""
