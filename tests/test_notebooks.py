import os
from pathlib import Path
from uuid import uuid4

import papermill as pm
import pytest
from jupyter_client.manager import AsyncKernelManager
from papermill.exceptions import PapermillExecutionError

nbs = Path(__file__).parent.parent / "nbs"
notebooks = sorted(nbs.glob("*.ipynb"))


class SocketKernelManager(AsyncKernelManager):
    "A kernel on private sockets: parallel runs don't collide on ports."
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if os.name != "nt": self.transport, self.ip = "ipc", str(Path(os.environ["JUPYTER_RUNTIME_DIR"]) / uuid4().hex[:8])


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
