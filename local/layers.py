"""Builds what the functions load: ``python -m local.layers local`` for this machine, ``... deploy`` for Lambda.

Wheels hold compiled code for one interpreter and one machine, so the two never share a folder: sandboxes load
``build/runtime/<python>/``, ``sam deploy`` packs ``build/layers/``. Both are slimmed alike, so that what is tested here
is what is deployed.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("base", "arrow")
LIMIT_BYTES = 262_144_000
"""What Lambda unzips at most: a function's code and all its layers together."""

_DEPLOYED = ("--python-platform", "x86_64-manylinux_2_28", "--python-version", "3.13", "--only-binary", ":all:")

# Never loaded here: pyarrow's tests, headers and file systems and formats nobody asks for, and the second copies that a
# wheel makes of what are links elsewhere. libarrow_substrait must stay: every module of pyarrow links it.
_UNUSED = (
    "**/__pycache__",
    "bin",
    "pyarrow/tests",
    "pyarrow/include",
    "pyarrow/includes",
    "pyarrow/src",
    "pyarrow/cmake",
    "pyarrow/*.pyx",
    "pyarrow/*.pxi",
    "pyarrow/*.pxd",
    "pyarrow/*.pyi",
    "pyarrow/*flight*",
    "pyarrow/*_flight*",
    "pyarrow/_substrait*",
    "pyarrow/substrait.py",
    "pyarrow/*orc*",
    "pyarrow/_hdfs*",
    "pyarrow/_gcsfs*",
    "pyarrow/_azurefs*",
    "pyarrow/_cuda*",
    "pyarrow/*gandiva*",
    "pyarrow/_pyarrow_cpp_tests*",
    "pyarrow/libarrow_python_parquet_encryption.so",
    "pyarrow/libarrow_python.so",
)


class LayerError(Exception):
    """A layer cannot be built, is missing or is too large; the text says what to do."""


def runtime_dir(root: Path = ROOT) -> Path:
    """Folder of what sandboxes of the running interpreter load."""
    return root / "build" / "runtime" / f"{sys.version_info.major}.{sys.version_info.minor}"


def runtime_python(root: Path = ROOT) -> Path:
    """Interpreter that has awslambdaric and boto3 and nothing else, as the Lambda runtime has.

    Raises
    ------
    LayerError
        It has not been built.
    """
    python = runtime_dir(root) / "venv" / "bin" / "python"
    if not python.exists():
        raise LayerError(f"{python} is missing: build it with `python -m local.layers local` (make setup does)")
    return python


def local_layer(content: Path, root: Path = ROOT) -> Path:
    """Folder that stands for a layer's content here: built ones have a twin for this machine's interpreter.

    Raises
    ------
    LayerError
        There is no ``python/`` directly below it.
    """
    built = (root / "build" / "layers").resolve()
    folder = runtime_dir(root) / "layers" / content.name if content.parent == built else content
    if not (folder / "python").is_dir():
        raise LayerError(
            f"{folder} has no folder python/, from which Lambda imports. "
            "A built layer is made by `python -m local.layers local` (make setup does)"
        )
    return folder


def build_local(root: Path = ROOT) -> None:
    """Build the sandboxes' interpreter and layers for the running one, where a requirement file has changed."""
    here = f"{platform.system()} {platform.machine()} {sys.version}"
    home = runtime_dir(root)
    (root / "build" / "layers").mkdir(parents=True, exist_ok=True)
    runtime = root / "requirements" / "runtime.txt"
    venv = home / "venv"
    if _outdated(venv, runtime, here):
        _uv("venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(venv))
        _uv("pip", "install", "--quiet", "--python", str(venv / "bin/python"), "--require-hashes", "-r", str(runtime))
        _stamp(venv, runtime, here)
    for name in LAYERS:
        _layer(root, name, home / "layers" / name, ("--python", sys.executable), here)


def build_deployed(root: Path = ROOT) -> int:
    """Build the layers for Lambda and return what they and the library weigh together.

    Returns
    -------
    int
        Bytes, unzipped, of all layers and of the largest function.

    Raises
    ------
    LayerError
        They outgrow `LIMIT_BYTES`.
    """
    for name in LAYERS:
        _layer(root, name, root / "build" / "layers" / name, _DEPLOYED, "deployed")
        _strip(root / "build" / "layers" / name)
    folders = [root / "build" / "layers" / name for name in LAYERS] + [root / "layers" / "callclock"]
    code = max((weight(folder) for folder in (root / "functions").iterdir() if folder.is_dir()), default=0)
    total = sum(weight(folder) for folder in folders) + code
    if total > LIMIT_BYTES:
        parts = ", ".join(f"{folder.name} {weight(folder):,}" for folder in folders)
        raise LayerError(
            f"code and layers weigh {total:,} bytes unzipped ({parts}, code {code:,}); Lambda takes {LIMIT_BYTES:,}. "
            "Take a dependency out of requirements/*.in or name more of what is never loaded in local/layers.py"
        )
    return total


def weight(folder: Path) -> int:
    """Bytes of all files below a folder, compiled Python aside."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _layer(root: Path, name: str, folder: Path, target: tuple[str, ...], built_for: str) -> None:
    requirements = root / "requirements" / f"{name}.txt"
    if not _outdated(folder, requirements, built_for):
        return
    shutil.rmtree(folder, ignore_errors=True)
    python = folder / "python"
    _uv("pip", "install", "--quiet", "--target", str(python), *target, "--require-hashes", "-r", str(requirements))
    for unused in _unused(python):
        if unused.is_dir():
            shutil.rmtree(unused)
        else:
            unused.unlink(missing_ok=True)
    _stamp(folder, requirements, built_for)


def _unused(python: Path) -> Iterator[Path]:
    for pattern in _UNUSED:
        yield from sorted(python.glob(pattern))


def _strip(folder: Path) -> None:
    """Take symbols off shared libraries, where this machine can: a third of pyarrow."""
    strip = shutil.which("strip")
    stripped = folder / ".stripped"
    if strip is None or platform.system() != "Linux" or platform.machine() != "x86_64" or stripped.exists():
        return
    for library in sorted(folder.rglob("*.so*")):
        subprocess.run([strip, "--strip-unneeded", str(library)], check=False, capture_output=True)
    stripped.touch()


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        raise LayerError(f"{uv} is missing: make setup installs it")
    done = subprocess.run([str(uv), *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise LayerError(f"uv {' '.join(arguments)} failed:\n{done.stderr.strip()}")


def _digest(requirements: Path, built_for: str) -> str:
    return hashlib.sha256("\n".join([requirements.read_text("utf-8"), built_for, *_UNUSED]).encode()).hexdigest()


def _outdated(folder: Path, requirements: Path, built_for: str) -> bool:
    stamp = folder / ".requirements"
    return not stamp.is_file() or stamp.read_text("utf-8") != _digest(requirements, built_for)


def _stamp(folder: Path, requirements: Path, built_for: str) -> None:
    (folder / ".requirements").write_text(_digest(requirements, built_for), "utf-8")


def main(arguments: list[str]) -> int:
    """Build for ``local`` or ``deploy``."""
    try:
        match arguments:
            case ["local"]:
                build_local()
            case ["deploy"]:
                total = build_deployed()
                print(f"code and layers: {total:,} of {LIMIT_BYTES:,} bytes unzipped")
            case _:
                print("usage: python -m local.layers local|deploy", file=sys.stderr)
                return 2
    except LayerError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
