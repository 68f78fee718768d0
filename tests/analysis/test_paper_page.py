"""A page of a paper: a grid with its figures, its table and its macros, set by LaTeX in two columns.

To look at it: pytest tests/analysis/test_paper_page.py --basetemp=page, and page/test_a_page_of_a_paper0/page-1.png.
"""

import shutil
import subprocess

import pytest

from banditlab import cli

TOOLS = ("pdflatex", "pdftoppm", "pdffonts")

GRID = """
horizon = 3_000
replications = 20

[[environment]]
kind = "bernoulli"
sweep = { gap = [0.1, 0.2], arms = [5, 10] }

[[policy]]
kind = "ucb1"
label = "UCB1"
[[policy]]
kind = "kl-ucb"
label = "KL-UCB"
[[policy]]
kind = "thompson-beta"
label = "Thompson_sampling"
[[policy]]
kind = "tsallis-inf"
label = "Tsallis-INF"
[[policy]]
kind = "uniform"
label = "Uniform"

[[figure]]
file = "multiples.pdf"
preset = "icml"
rows = "gap"
columns = "arms"
share = "x"

[[figure]]
file = "profile.pdf"
preset = "icml"
view = "profile"

[[figure]]
file = "growth.pgf"
preset = "icml"
versus = "gap"
columns = "arms"
scale = "log-log"
labels = "direct"
"""

PAGE = r"""
\documentclass[10pt,twocolumn]{article}
\usepackage[letterpaper,textwidth=6.75in,textheight=9in,columnsep=0.25in]{geometry}
\usepackage{mathptmx,booktabs,graphicx,pgf}
\input{numbers}
\pagestyle{empty}
\begin{document}
\section{Experiments}
Text runs in a column of 3.25 inches, in Times of ten points. Figures stand in it as they were written, without
\verb|width=\columnwidth|. Over WORDS rounds the regret of UCB1 is $\MACRO$ [$\MACROLow$, $\MACROHigh$], in
\MACRON{} replications.
\begin{figure}[h]\centering\includegraphics{multiples.pdf}
\caption{Mean regret of 20 replications with 95\,\% Student bands.}\end{figure}
Between figures there is text, so that its size can be held against that of the labels.
\begin{figure}[h]\centering\input{growth.pgf}
\caption{Regret at the last round against the gap, with 95\,\% bootstrap-t intervals; set by \LaTeX.}\end{figure}
\begin{figure}[h]\centering\includegraphics{profile.pdf}
\caption{Performance profile and interquartile mean over four environments, with 95\,\% stratified bootstrap
intervals.}\end{figure}
\begin{table*}\centering\footnotesize\setlength{\tabcolsep}{3pt}
\input{table}
\caption{Regret: mean [95\,\% interval] of 20 replications. Bold: not significantly worse than the best.}\end{table*}
\end{document}
"""


@pytest.mark.compiled
@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"takes {', '.join(TOOLS)}")
def test_a_page_of_a_paper(tmp_path, capsys):
    (tmp_path / "grid.toml").write_text(GRID)
    out = str(tmp_path / "out")
    assert cli.main(["run", str(tmp_path / "grid.toml"), "--out", out]) == 0
    capsys.readouterr()
    assert cli.main(["summary", out, "--latex"]) == 0
    (tmp_path / "table.tex").write_text(capsys.readouterr().out)
    assert cli.main(["summary", out, "--macros", str(tmp_path / "numbers.tex")]) == 0
    macro = "regretUCBOneBernoulliGapZeroPointOneArmsFive"
    page = PAGE.replace("MACRO", macro).replace("WORDS", "3{,}000").replace("input{growth", "input{out/growth")
    (tmp_path / "page.tex").write_text(page.replace("graphics{", "graphics{out/"))
    for _ in range(2):
        run("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex", cwd=tmp_path)
    log = (tmp_path / "page.log").read_text(encoding="latin-1")
    assert "Overfull" not in log  # nothing is wider than its column
    fonts = [line.split() for line in run("pdffonts", "page.pdf", cwd=tmp_path).splitlines()[2:]]
    assert any("STIX" in font[0] for font in fonts)
    assert all(font[-5] == "yes" for font in fonts)  # embedded
    assert not any("Type" in font and "3" in font for font in fonts)
    run("pdftoppm", "-r", "150", "-png", "page.pdf", "page", cwd=tmp_path)
    assert (tmp_path / "page-1.png").stat().st_size > 50_000


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, capture_output=True, encoding="latin-1", timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
