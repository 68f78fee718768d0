"""Live progress in a notebook, in a kernel of its own: one line, which changes in place and leaves nothing."""

import time

import pytest

from banditlab import progress

nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")

RUN = """\
import banditlab
print("before")
result = banditlab.run({"kind": "bernoulli", "arms": 5}, "ucb1", horizon=%s, replications=4, jobs=2)
print("after")"""


def executed(*cells):
    """The outputs of cells, and all messages of the kernel while they ran."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    messages = []

    class Client(nbclient.NotebookClient):
        def process_message(self, message, *arguments):
            messages.append(message)
            return super().process_message(message, *arguments)

    Client(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells], messages


@pytest.mark.compiled
@pytest.mark.filterwarnings("ignore")  # of the client's own loop
def test_a_run_shows_one_line_and_leaves_nothing_visible():
    slow = "from banditlab import progress\nprogress.PAUSE = 0.01\n" + RUN % "3_000_000"
    (first, quick), messages = executed(slow, RUN.replace("import banditlab", "progress.PAUSE = 60") % "100")
    kinds = [message["msg_type"] for message in messages]
    assert kinds.count("display_data") == 1
    assert kinds.count("update_display_data") >= 2
    places = {m["content"]["transient"]["display_id"] for m in messages if "display_data" in m["msg_type"]}
    assert len(places) == 1
    seen = [m["content"]["data"]["text/plain"] for m in messages if "display_data" in m["msg_type"]]
    assert all(line.startswith("playing ") and " rounds/s" in line for line in seen[:-1])
    lines = [output for output in first if output["output_type"] == "display_data"]
    assert [line["data"] for line in lines] == [{"text/plain": "", "text/html": ""}]
    text = "".join(output["text"] for output in first if output["output_type"] == "stream")
    assert text == "before\nafter\n"
    assert [output["output_type"] for output in quick] == ["stream"]


def test_the_line_counts_what_was_played():
    line = progress.Line()
    line._total, line._begun = 200, time.perf_counter() - 1.0
    assert line._said()["text/plain"].startswith("playing 0%")
    line.advance(50)
    line.extend(100)
    line.advance(100)
    said = line._said()
    assert said["text/plain"].startswith("playing 50%, 1")
    assert '<progress value="150" max="300">' in said["text/html"]
    line.stop()


def test_outside_a_notebook_there_is_no_line():
    assert not progress.in_notebook()
    assert isinstance(progress.bar(), progress.Bar)
