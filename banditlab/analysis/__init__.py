"""From finished work to knowledge: results, statistics, claims, figures."""
