# SPDX-License-Identifier: Apache-2.0
"""The notebook in docs/ is a notebook, is kept without outputs, and runs from top to bottom."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager

from conftest import ROOT

NOTEBOOK = ROOT / "docs" / "repaint.ipynb"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """The executed notebook, and the folder where it ran. Its kernel is this interpreter, whatever else is installed."""
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "python"))
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
            patch.setenv(name, str(folder / ".jupyter"))
        book = nbformat.read(NOTEBOOK, as_version=4)
        manager = AsyncKernelManager(kernel_name="python3")
        manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        client = nbclient.NotebookClient(book, km=manager, timeout=300, resources={"metadata": {"path": str(folder)}})
        client.execute()  # raises CellExecutionError, which quotes the cell
        return book, folder


def test_it_is_kept_without_outputs() -> None:
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    for cell in book.cells:
        assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None)
        assert len(cell.source.splitlines()) <= 20  # small cells are read


def test_it_runs_and_shows_what_it_speaks_of(run: tuple[Any, Path]) -> None:
    book, folder = run
    text = "".join(str(output) for cell in book.cells if cell.cell_type == "code" for output in cell.outputs)
    for said in ("poweroff", "until core 0 released it", "BBM-SIZE", "matters to cores [1, 2, 3]", "1TiB", "bbm-strict"):
        assert said in text, said
    drawn = [o for c in book.cells if c.cell_type == "code" for o in c.outputs if "image/svg+xml" in o.get("data", {})]
    assert len(drawn) == 5
    assert (folder / "hop.sweep" / "results.csv").is_file()
