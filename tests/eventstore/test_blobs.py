"""What every blob store promises, and what only a folder can show: full disks, half-written files, fsync."""

import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from eventstore.blobs import FolderBlobs, open_blobs
from eventstore.log import APPEND_SECONDS
from schemas.errors import BlobUnavailableError, NotFoundError, SettingsError
from tests.s3_server import BUCKET, S3Server

ABSENT = "0" * 32


@pytest.fixture(params=["folder", "file", "memory", pytest.param("s3", marks=pytest.mark.xdist_group("s3"))])
def blobs(request, tmp_path):
    if request.param == "s3":
        return request.getfixturevalue("bucket")
    url = {"folder": "", "file": f"file://{tmp_path}/some%20where", "memory": "memory:///"}[request.param]
    return open_blobs(url, tmp_path)


@pytest.fixture
def bucket(s3: S3Server, tmp_path, monkeypatch):
    """A place of its own in a bucket of a real S3 server."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return open_blobs(f"s3://{BUCKET}/{uuid4().hex}", tmp_path)


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 40_000])
def test_what_was_put_is_got(blobs, data):
    assert blobs.get(blobs.put(data)) == data


def test_a_blob_is_got_in_pieces_too(blobs):
    blob, empty = blobs.put(bytes(range(256)) * 4000), blobs.put(b"")
    size = blobs.size(blob)
    assert (size, blobs.size(empty)) == (1_024_000, 0)
    pieces = [blobs.piece(blob, start, min(500_000, size - start)) for start in range(0, size, 500_000)]
    assert [len(piece) for piece in pieces] == [500_000, 500_000, 24_000]
    assert b"".join(pieces) == blobs.get(blob)
    assert blobs.piece(empty, 0, 0) == b""


def test_equal_bytes_are_two_blobs(blobs):
    one, other = blobs.put(b"same"), blobs.put(b"same")
    blobs.delete([one])
    assert (one != other, blobs.get(other)) == (True, b"same")


def test_an_absent_blob_is_not_found(blobs):
    for read in (blobs.get, blobs.size, lambda blob: blobs.piece(blob, 0, 1)):
        with pytest.raises(NotFoundError):
            read(ABSENT)


@pytest.mark.parametrize(
    "name",
    ["", ".", "../secret", "/etc/passwd", "ab/../../secret", ABSENT[:-1], ABSENT + "0", ABSENT.replace("0", "A")],
)
def test_what_is_no_id_leads_nowhere(blobs, tmp_path, name):
    (tmp_path / "secret").write_text("secret")
    blobs.put(b"something")
    for read in (blobs.get, blobs.size, lambda blob: blobs.piece(blob, 0, 1)):
        with pytest.raises(NotFoundError):
            read(name)
    assert blobs.missing([name]) == {name}
    blobs.delete([name])
    assert (tmp_path / "secret").read_text() == "secret"


def test_missing_names_those_that_are_not_there(blobs):
    kept, gone = blobs.put(b"kept"), blobs.put(b"gone")
    blobs.delete([gone, ABSENT])
    assert blobs.missing([kept, gone, ABSENT]) == {gone, ABSENT}


def test_old_ones_can_be_listed(blobs):
    blob = blobs.put(b"x")
    now = datetime.now(UTC)
    assert list(blobs.stored_before(now - timedelta(days=1))) == []
    assert list(blobs.stored_before(now + timedelta(seconds=2))) == [blob]


def test_a_check_leaves_nothing_behind(blobs):
    blobs.check()
    assert list(blobs.stored_before(datetime.now(UTC) + timedelta(days=1))) == []


@pytest.mark.parametrize("url", ["s3://", "nonsense://x", "blobs"])
def test_a_url_of_no_store_names_the_setting(tmp_path, url):
    with pytest.raises(SettingsError, match="CAUCE_BLOBS"):
        open_blobs(url, tmp_path)


def every_work(blobs):
    return (
        lambda: blobs.put(bytes(100_000)),
        lambda: blobs.get(ABSENT),
        lambda: blobs.size(ABSENT),
        lambda: blobs.piece(ABSENT, 0, 1),
        lambda: blobs.missing([ABSENT]),
        lambda: blobs.delete([ABSENT]),
        lambda: blobs.claim("ours"),
        lambda: list(blobs.stored_before(datetime.now(UTC))),
        blobs.check,
    )


@pytest.mark.xdist_group("s3")
def test_an_object_store_that_is_gone_is_unavailable_and_says_why(bucket, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:1")
    for work in every_work(open_blobs(f"s3://{BUCKET}/path", tmp_path)):
        with pytest.raises(BlobUnavailableError) as unavailable:
            work()
        assert "ConnectionRefused" in str(unavailable.value)  # it was asked, over plain HTTP as its endpoint says


@pytest.mark.xdist_group("s3")
def test_an_object_store_that_hangs_is_given_up_in_time(bucket, s3):
    blob = bucket.put(b"x")
    s3.pause()
    try:
        with ThreadPoolExecutor(10) as pool:
            hung = [pool.submit(_seconds_to_give_up, work) for work in every_work(bucket)]
            assert max(one.result() for one in hung) < APPEND_SECONDS + 1  # a second for a busy machine
    finally:
        s3.resume()
    assert bucket.get(blob) == b"x"


def _seconds_to_give_up(work):
    began = time.monotonic()
    with pytest.raises(BlobUnavailableError):
        work()
    return time.monotonic() - began


@pytest.mark.xdist_group("s3")
def test_a_bucket_that_is_not_there_is_unavailable_not_empty(bucket, tmp_path):
    blobs = open_blobs("s3://another/path", tmp_path)
    for work in (
        lambda: blobs.put(b"x"),
        lambda: blobs.missing([ABSENT]),
        lambda: blobs.claim("ours"),
        lambda: list(blobs.stored_before(datetime.now(UTC))),
        blobs.check,
    ):
        with pytest.raises(BlobUnavailableError):
            work()


@pytest.mark.xdist_group("s3")
def test_a_wrong_secret_is_unavailable_not_empty(bucket, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    for work in every_work(open_blobs(f"s3://{BUCKET}/path", tmp_path)):
        with pytest.raises(BlobUnavailableError):
            work()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root; the file size limit below needs none")
def test_a_full_disk_is_temporary_and_leaves_no_part(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        blobs = FolderBlobs(disk / "blobs")
        kept = blobs.put(b"kept")
        with pytest.raises(BlobUnavailableError, match="No space left"):
            blobs.put(os.urandom(2 * 1024 * 1024))
        assert [path.name for path in (disk / "blobs").rglob("*") if path.is_file()] == [kept]
        blobs.put(os.urandom(500 * 1024))  # there is room again for what fits
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_write_that_fails_half_way_leaves_no_part(tmp_path):
    blobs = FolderBlobs(tmp_path / "blobs")
    blobs.put(b"kept")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # Python ignores SIGXFSZ: the write fails
    try:
        with pytest.raises(BlobUnavailableError, match="File too large"):
            blobs.put(bytes(200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len([path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]) == 1
    assert len(blobs.get(blobs.put(bytes(200_000)))) == 200_000


def test_a_folder_that_is_gone_is_unavailable_not_empty(tmp_path):
    (tmp_path / "blobs").write_text("a file where the folder should be")
    blobs = FolderBlobs(tmp_path / "blobs")
    for work in (lambda: blobs.put(b"x"), lambda: blobs.missing([ABSENT]), blobs.check):
        with pytest.raises(BlobUnavailableError):
            work()


def test_what_a_killed_writer_left_is_swept_up_after_a_day(tmp_path):
    blobs = FolderBlobs(tmp_path)
    blobs.check()
    old, young = tmp_path / "partial" / "old", tmp_path / "partial" / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    blobs.check()
    assert (old.exists(), young.exists()) == (False, True)


def test_file_and_folders_are_on_disk_before_the_id_is_given_out(tmp_path):
    """Watched from outside: fsync of the file, rename, fsync of the folder, in this order."""
    script = (
        "import os, sys; from pathlib import Path; from eventstore.blobs import FolderBlobs\n"
        "real_fsync, real_rename = os.fsync, os.rename\n"
        "def fsync(fd): print('fsync', os.readlink(f'/proc/self/fd/{fd}')); real_fsync(fd)\n"
        "def rename(partial, to): print('rename', partial, to); real_rename(partial, to)\n"
        "os.fsync, os.rename = fsync, rename\n"
        f"print(FolderBlobs(Path({str(tmp_path)!r})).put(b'x'))\n"
    )
    lines = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    blob = lines[-1]
    partial, target = tmp_path / "partial" / blob, tmp_path / blob[:2] / blob
    assert lines[-4:] == [f"fsync {partial}", f"rename {partial} {target}", f"fsync {target.parent}", blob]
    assert f"fsync {tmp_path}" in lines[:-4]
    assert Path(target).read_bytes() == b"x"


def test_a_store_belongs_to_whoever_claims_it_first(blobs, tmp_path):
    assert [blobs.claim(owner) for owner in ("ours", "theirs", "ours")] == [True, False, True]
    blob = blobs.put(b"x")
    assert list(blobs.stored_before(datetime.now(UTC) + timedelta(days=1))) == [blob]
    assert not list(tmp_path.rglob("owner-*"))


def test_old_ones_can_be_listed_part_by_part_and_from_a_moment_on(blobs):
    kept = {blobs.put(b"x") for _ in range(50)}
    later = datetime.now(UTC) + timedelta(days=1)
    parts = {f"{number:02x}": set(blobs.stored_before(later, shard=f"{number:02x}")) for number in range(256)}
    assert set().union(*parts.values()) == kept
    assert all(blob.startswith(part) for part, found in parts.items() for blob in found)
    assert set(blobs.stored_before(later, since=datetime.now(UTC) - timedelta(hours=1))) == kept
    assert set(blobs.stored_before(later, since=datetime.now(UTC) + timedelta(hours=1))) == set()
