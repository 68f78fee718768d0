"""Policies of the bandit game."""
