"""Environments, a folder a game, a file a family."""
