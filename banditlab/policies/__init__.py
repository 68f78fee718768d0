"""Policies, a folder a game, a file an algorithm."""
