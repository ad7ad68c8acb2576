"""What is in an archive, and archives of which nothing is read. They are made here byte by byte, by the standard library."""

import gzip
import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from callclock.exports.archive import ArchiveError, Contents, Limits, known_by, look_through, unpack

CSV = b"Id,Sent\n1,x\n"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(32)) * 40


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        for name, content in files:
            packed.writestr(name, content)
    return out.getvalue()


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "dropped"
    path.write_bytes(content)
    return path


def looked(tmp_path: Path, content: bytes, **limits: int) -> Contents | None:
    return look_through(written(tmp_path, content), tmp_path / "work", Limits(**limits))


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=str
)
def test_files_of_a_zip_in_order_of_name(tmp_path: Path, method: int) -> None:
    content = zipped(("b/2.csv", CSV * 3), ("a.csv", CSV), ("b/", b""), method=method)
    assert looked(tmp_path, content) == Contents(("a.csv", "b/2.csv"), ())
    out = tmp_path / "out"
    assert unpack(tmp_path / "dropped", "b/2.csv", out) == len(CSV) * 3
    assert out.read_bytes() == CSV * 3


def test_what_is_no_export_is_named_and_what_packers_add_is_not(tmp_path: Path) -> None:
    content = zipped(
        ("cad.csv", CSV), ("logo.pdf", PDF), ("__MACOSX/._cad.csv", PDF), (".DS_Store", PDF), ("x/Thumbs.db", PDF),
        ("~$cad.xlsx", PDF),
    )  # fmt: skip
    assert looked(tmp_path, content) == Contents(("cad.csv",), ("logo.pdf",))


def test_a_gz_may_be_several_in_a_row(tmp_path: Path) -> None:
    assert looked(tmp_path, gzip.compress(CSV) + gzip.compress(b"2,y\n")) is None
    out = tmp_path / "out"
    unpack(tmp_path / "dropped", None, out)
    assert out.read_bytes() == CSV + b"2,y\n"


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


def locked() -> bytes:
    """A zip whose file says that it is encrypted: the flag stands in its own header and in the directory."""
    content = bytearray(zipped(("a.csv", CSV)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def understated(size: int, says: int, files: int = 1) -> bytes:
    """A zip of files that unpack to ``size`` bytes and say that they are smaller."""
    content = zipped(*((f"{n}.csv", b"a" * size) for n in range(files)))
    return content.replace(struct.pack("<I", size), struct.pack("<I", says))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(zipped(("../a.csv", CSV)), "leads out", id="climbs"),
        pytest.param(zipped(("x/../../a.csv", CSV)), "leads out", id="climbs further down"),
        pytest.param(zipped(("..\\a.csv", CSV)), "leads out", id="climbs as Windows writes it"),
        pytest.param(zipped(("/etc/passwd", CSV)), "leads out", id="absolute"),
        pytest.param(zipped(("C:\\a.csv", CSV)), "leads out", id="drive"),
        pytest.param(zipped((link("a.csv"), b"/etc/passwd")), "leads out", id="link"),
        pytest.param(zipped(("ok.csv", CSV), ("../a.csv", CSV)), "leads out", id="one of two climbs"),
        pytest.param(locked(), "password", id="locked"),
        pytest.param(zipped(("a.zip", zipped(("b.csv", CSV)))), "archive in an archive", id="zip in zip"),
        pytest.param(zipped(("a.csv.gz", gzip.compress(CSV))), "archive in an archive", id="gz in zip"),
        pytest.param(gzip.compress(gzip.compress(CSV)), "archive in an archive", id="gz in gz"),
        pytest.param(zipped(("a.pdf", PDF)), "no file that could be an export", id="nothing but a document"),
        pytest.param(zipped(), "no file", id="empty zip"),
        pytest.param(zipped((".DS_Store", PDF)), "no file", id="packer's own only"),
        pytest.param(zipped(("a.csv", CSV * 99))[:60], "broken", id="cut zip"),
        pytest.param(gzip.compress(CSV * 99)[:40], "broken", id="cut gz"),
        pytest.param(gzip.compress(CSV) + b"and more", "broken", id="gz with a tail"),
        pytest.param(zipped(("a.csv", CSV), method=zipfile.ZIP_STORED).replace(CSV, CSV[::-1]), "broken", id="checksum"),
        pytest.param(b"PK\x03\x04" + bytes(400), "broken", id="no zip at all"),
        pytest.param(zipped(("a.csv", b"a" * 10_001)), "grows beyond|more than", id="bomb"),
        pytest.param(zipped(("a.csv", b"a" * 5_000_000)), "bytes together", id="big bomb"),
        pytest.param(understated(5_000_000, 9), "grows beyond", id="big bomb that says it is small"),
        pytest.param(gzip.compress(b"a" * 10_001), "grows beyond", id="gz bomb"),
        pytest.param(understated(10_001, 9), "grows beyond", id="bomb that says it is small"),
        pytest.param(zipped(*((f"{n}.csv", b"a" * 9_000) for n in range(4))), "bytes together", id="many at once"),
        pytest.param(understated(9_000, 9, files=4), "grows beyond", id="many that say they are small"),
        pytest.param(zipped(*((f"{n}.csv", CSV) for n in range(6))), "6 files", id="too many"),
    ],
)  # fmt: skip
def test_nothing_is_read_of_it(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(ArchiveError, match=why):
        looked(tmp_path, content, files=5, bytes_a_file=10_000, bytes=30_000)
    assert not list((tmp_path / "work").glob("[!p]*")), "nothing is written by a name of the archive's choosing"
    assert not (tmp_path.parent / "a.csv").exists()


def test_a_zip_that_says_less_than_it_holds_is_read_whole(tmp_path: Path) -> None:
    content = understated(9_000, 9)
    assert looked(tmp_path, content) == Contents(("0.csv",), ())
    assert unpack(tmp_path / "dropped", "0.csv", tmp_path / "out") == 9_000


def test_two_files_of_one_name(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped(("a.csv", CSV), ("a.csv", CSV * 2))
    with pytest.raises(ArchiveError, match=r"two .* named a\.csv"):
        looked(tmp_path, content)


def test_disk_full_is_no_fault_of_the_archive(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        unpack(written(tmp_path, gzip.compress(CSV * 10_000)), None, Path("/dev/full"))


def test_names_by_which_profiles_know_it() -> None:
    assert known_by("incoming/EX/a.csv", None) == ("incoming/EX/a.csv",)
    assert known_by("incoming/EX/a.csv.gz", None) == ("incoming/EX/a.csv", "incoming/EX/a.csv.gz")
    assert known_by("incoming/EX/m.zip", "deep/a.csv") == ("incoming/EX/a.csv", "incoming/EX/m.zip")
