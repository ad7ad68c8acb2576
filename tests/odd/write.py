"""Write the odd files and their receipts anew: ``python -m tests.odd.write``."""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.odd.cases import cases

FOLDER = Path(__file__).with_name("files")


def written() -> Mapping[str, bytes]:
    """Content by file name: each odd file, and beside it what its receipts must say."""
    found: dict[str, bytes] = {}
    for case in cases():
        receipt = {"why": case.why, "receipts": list(case.receipts)}
        found[case.name] = case.content
        found[f"{case.name}.receipt.json"] = (json.dumps(receipt, indent=1, ensure_ascii=False) + "\n").encode()
    return found


if __name__ == "__main__":
    for old in FOLDER.glob("*"):
        old.unlink()
    FOLDER.mkdir(exist_ok=True)
    for name, content in written().items():
        (FOLDER / name).write_bytes(content)
