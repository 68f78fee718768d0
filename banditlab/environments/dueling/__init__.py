"""Environments of the dueling game."""
