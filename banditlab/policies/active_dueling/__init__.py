"""Policies of the active dueling game."""
