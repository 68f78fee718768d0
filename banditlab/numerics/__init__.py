"""Compiled numerics that policies and environments share. Nothing here knows a game, a policy or an environment."""
