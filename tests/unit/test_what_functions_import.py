"""Measure, notify and report run without the layer that only intake has."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INTAKE_ONLY = ("pyarrow", "python_calamine")


@pytest.mark.parametrize("function", ["measure", "notify", "report"])
def test_a_function_without_the_arrow_layer_does_not_ask_for_it(function: str) -> None:
    code = f"import sys, callclock.{function}; print(*(name for name in {INTAKE_ONLY} if name in sys.modules))"
    library = ROOT / "layers/callclock/python"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(library)}
    )
    assert done.stdout.split() == []
