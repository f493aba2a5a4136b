import sys
from pathlib import Path

import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

nbs = Path(__file__).parent.parent / "nbs"
sys.path.insert(0, str(nbs))
from run_alive import execute  # noqa: E402, a script beside the lessons

notebooks = sorted(nbs.glob("*.ipynb"))


@pytest.mark.parametrize("notebook", notebooks, ids=lambda path: path.stem)
def test_notebook_runs_alone(notebook, tmp_path):
    failure = None
    try:
        execute(notebook, tmp_path / notebook.name, timeout=900)
    except PapermillExecutionError as error:
        failure = (
            f"{notebook.name}, cell {error.cell_index}:\n{error.source}\n\n{error.ename}: {error.evalue}\n"
            + "\n".join(error.traceback)
        )
    if failure:
        pytest.fail(failure, pytrace=False)


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
