"""Files that are whole or not there."""

import os

import pytest

from service.whole_file import Owner, part_of, write_part, write_whole, written_whole


def names(folder):
    return sorted(each.name for each in folder.iterdir())


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444])
def test_a_file_has_its_mode_whatever_the_umask_says(tmp_path, mode):
    path = tmp_path / "settings"
    before = os.umask(0o077)
    try:
        write_whole(path, b"one", mode=mode)
        write_whole(path, b"two", mode=mode)
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, names(tmp_path)) == (b"two", mode, ["settings"])


def test_nobody_else_may_read_it_while_it_is_written(tmp_path, monkeypatch):
    seen = []
    sync = os.fchmod
    monkeypatch.setattr(os, "fchmod", lambda fd, mode: (seen.append(os.fstat(fd).st_mode), sync(fd, mode)))
    before = os.umask(0)
    try:
        write_whole(tmp_path / "key", b"secret", mode=0o644)
    finally:
        os.umask(before)
    assert [mode & 0o777 for mode in seen] == [0o600]


def test_what_is_there_stays_where_nothing_may_give_way(tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(b"one")
    with pytest.raises(FileExistsError):
        write_whole(path, b"two", mode=0o600, replace=False)
    assert (path.read_bytes(), names(tmp_path)) == (b"one", ["bundle"])


def test_a_disk_that_fails_leaves_the_former_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "settings"
    path.write_bytes(b"one")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        write_whole(path, b"two", mode=0o600)
    assert (path.read_bytes(), names(tmp_path)) == (b"one", ["settings"])


def test_file_and_folder_are_synced_before_it_is_done(tmp_path, monkeypatch):
    path, synced = tmp_path / "settings", []
    sync = os.fsync

    def noted(descriptor):
        synced.append(("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file", path.exists()))  # noqa: PTH112 - a descriptor's name
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write_whole(path, b"one", mode=0o600)
    assert synced == [("file", False), ("folder", True)]


def test_a_link_in_the_waiting_place_is_not_followed(tmp_path):
    part = tmp_path / "part"
    part.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_part(part, b"one", mode=0o600)
    assert names(tmp_path) == ["part"]


def test_two_writers_wait_in_two_places(tmp_path):
    path = tmp_path / "settings"
    assert part_of(path) != part_of(path)
    assert part_of(path).parent == tmp_path


def test_a_file_is_given_to_its_owner_before_it_is_seen(tmp_path):
    path = tmp_path / "settings"
    write_whole(path, b"one", mode=0o600, owner=Owner(os.geteuid(), os.getegid()))
    assert (path.stat().st_uid, path.stat().st_gid) == (os.geteuid(), os.getegid())


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_file_of_no_particular_mode_has_that_of_any_new_one(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "list.csv", b"one")
    finally:
        os.umask(before)
    assert (tmp_path / "list.csv").stat().st_mode & 0o777 == mode


def test_a_file_written_piece_by_piece_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"before")
    with written_whole(path) as file:
        file.write(b"one,")
        assert path.read_bytes() == b"before"
        file.write(b"two")
    assert (path.read_bytes(), names(tmp_path)) == (b"one,two", ["list.csv"])


def test_a_file_that_is_given_up_half_way_leaves_the_former_one(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes(b"before")
    with pytest.raises(TypeError), written_whole(path) as file:
        file.writelines([b"one,", None])
    assert (path.read_bytes(), names(tmp_path)) == (b"before", ["list.csv"])
