"""Environments of the active dueling game."""
