"""Policies of the dueling game."""
