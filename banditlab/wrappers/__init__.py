"""Wrappers, one file each: what stands between the rounds of any game and what its policies learn."""
