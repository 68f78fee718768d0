"""From a grid to finished work: reading it, running it, keeping it."""
