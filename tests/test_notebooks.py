import sys
from pathlib import Path

import papermill as pm
import pytest
from papermill.exceptions import PapermillExecutionError

nbs = Path(__file__).parent.parent / "nbs"
sys.path.insert(0, str(nbs))
from run_alive import SocketKernelManager  # noqa: E402, a script beside the lessons

notebooks = sorted(nbs.glob("*.ipynb"))


def execute(notebook, output, **parameters):
    unknown = set(parameters) - set(pm.inspect_notebook(str(notebook)))
    if unknown: pytest.fail(f"{notebook.name} declares no parameter {sorted(unknown)}")
    failure = None
    try:
        pm.execute_notebook(str(notebook), str(output), parameters=parameters, cwd=str(notebook.parent), progress_bar=False,
                            kernel_name="python3", kernel_manager_class=SocketKernelManager, execution_timeout=900)
    except PapermillExecutionError as error:
        failure = f"{notebook.name}, cell {error.cell_index}:\n{error.source}\n\n{error.ename}: {error.evalue}\n" + "\n".join(error.traceback)
    if failure: pytest.fail(failure, pytrace=False)


@pytest.mark.parametrize("notebook", notebooks, ids=lambda path: path.stem)
def test_notebook_runs_alone(notebook, tmp_path):
    execute(notebook, tmp_path / notebook.name)


def test_the_course_is_complete():
    here = {notebook.stem for notebook in notebooks}
    assert here >= {"00_scene", "10_clip", "20_maps", "30_siren", "31_generator", "40_vae", "50_rollout", "60_alive", "70_player", "99_command",
                    "index"}
