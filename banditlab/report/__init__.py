"""The report of a results folder: one HTML page that needs nothing else.

==============  =======================================================================================
`contents.py`   what the page says: question, claims, tables, failures, grid, provenance
`charts.py`     what its figures show: means and bands as numbers, for the script to draw
`page.py`       the page as a text, from `page.html`, `page.css` and `page.js`
==============  =======================================================================================
"""
