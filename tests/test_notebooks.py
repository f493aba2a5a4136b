import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

nbs = Path(__file__).parent.parent / "nbs"
sys.path.insert(0, str(nbs))
from run_alive import execute  # noqa: E402, a script beside the lessons
from test_exercises import exercises, lessons, with_its_checks  # noqa: E402, beside this one

notebooks = sorted(nbs.glob("*.ipynb"))


@pytest.mark.parametrize("notebook", notebooks, ids=lambda path: path.stem)
def test_notebook_runs_alone(notebook, tmp_path):
    """By papermill, in a kernel of its own. A lesson with a cell before each exercise: its check is asked for
    an answer, refuses the wrong ones and takes the solution."""
    ran = notebook
    if notebook.stem in lessons:
        ran = tmp_path / f"graded_{notebook.name}"
        nbformat.write(with_its_checks(notebook.stem), ran)
    failure = None
    try:
        execute(ran, tmp_path / notebook.name, folder=nbs, timeout=900)
    except PapermillExecutionError as error:
        failure = (
            f"{notebook.name}, cell {error.cell_index}:\n{error.source}\n\n{error.ename}: {error.evalue}\n"
            + "\n".join(error.traceback)
        )
    if failure:
        pytest.fail(failure, pytrace=False)
    book = nbformat.read(tmp_path / notebook.name, 4)
    asked = [cell for cell in book.cells if cell.id.startswith("asks-")]
    assert all(cell.execution_count for cell in asked)
    assert len(asked) == (len(exercises(notebook.stem)) if notebook.stem in lessons else 0)


def test_a_parameter_that_a_notebook_does_not_declare_is_refused(tmp_path):
    with pytest.raises(ValueError, match="00_scene.ipynb declares no parameter secondss"):
        execute(nbs / "00_scene.ipynb", tmp_path / "x.ipynb", quick=True, secondss=3)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("notebook", notebooks, ids=lambda path: path.stem)
def test_notebook_declares_quick(notebook):
    assert papermill.inspect_notebook(str(notebook))["quick"]["default"] == "True", (
        "examples/notebook-ci.yml sets it"
    )


def test_the_course_is_complete():
    here = {notebook.stem for notebook in notebooks}
    assert here >= {
        "00_scene",
        "10_clip",
        "20_maps",
        "30_siren",
        "31_generator",
        "40_vae",
        "50_rollout",
        "60_alive",
        "70_player",
        "99_command",
        "index",
    }
