"""Environments of the bandit game."""
