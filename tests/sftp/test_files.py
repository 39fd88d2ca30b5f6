"""Files there and back, and everything that goes wrong on the way: against a real sshd."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.plugins.pickup import RemoteFile, Sighting, look
from gateway.plugins.transport import (
    AlreadyThere,
    ConnectionLost,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    TimedOut,
    TooLarge,
    TransferFailed,
)

from ..sshd import Sshd
from .conftest import Open, Serve

pytestmark = pytest.mark.sshd
CLAIMS = b"ISA*00*          *00*          ~" * 4000


class Stream(io.RawIOBase):
    """Bytes without end or up to `size`, calling `at[offset]` when they are reached."""

    def __init__(self, size: int, at: dict[int, Any] | None = None) -> None:
        super().__init__()
        self.size, self.at, self.sent = size, at or {}, 0

    def readable(self) -> bool:
        return True

    def read(self, count: int = -1) -> bytes:
        for offset in sorted(self.at):
            if self.sent >= offset:
                self.at.pop(offset)()
        part = b"~" * min(count, self.size - self.sent)
        self.sent += len(part)
        return part


class Slow(io.BytesIO):
    """Takes bytes, calling `at[offset]` when they are reached."""

    def __init__(self, at: dict[int, Any]) -> None:
        super().__init__()
        self.at = at

    def write(self, data: Any) -> int:
        for offset in sorted(self.at):
            if self.tell() >= offset:
                self.at.pop(offset)()
        return super().write(data)


def fetch(transport: Any, path: str) -> bytes:
    out = io.BytesIO()
    count = transport.get(path, out, limit=1 << 30)
    assert count == len(out.getvalue())
    return out.getvalue()


def test_a_file_goes_up_under_a_temporary_name_and_is_then_renamed(serve: Serve, line: Open) -> None:
    server = serve()
    seen: list[list[str]] = []
    watch = Stream(200_000, {150_000: lambda: seen.append(os.listdir(server.root / "inbound"))})
    with line(server) as transport:
        done = transport.put(watch, "inbound/batch_1.837")
    assert seen == [["batch_1.837.tmp"]]
    assert os.listdir(server.root / "inbound") == ["batch_1.837"]
    assert (done.size, done.renamed, done.verified) == (200_000, True, True)


@pytest.mark.parametrize(
    ("changes", "temporary"),
    [
        ({"outgoing": {"temporary_suffix": ".filepart"}}, "inbound/a.837.filepart"),
        ({"outgoing": {"temporary_suffix": "", "temporary_prefix": "tmp_"}}, "inbound/tmp_a.837"),
        (
            {"folders": {"send": "inbound", "receive": ["outbound"], "temporary": "archive"}},
            "archive/a.837.tmp",
        ),
    ],
)
def test_the_temporary_name_is_the_partners_choice(
    serve: Serve, line: Open, changes: dict[str, Any], temporary: str
) -> None:
    server = serve()
    there: list[bool] = []
    with line(server, **changes) as transport:
        transport.put(
            Stream(90_000, {60_000: lambda: there.append((server.root / temporary).exists())}), "inbound/a.837"
        )
    assert there == [True]
    assert (server.root / "inbound/a.837").stat().st_size == 90_000
    assert not (server.root / temporary).exists()


def test_what_was_put_comes_back_byte_for_byte(serve: Serve, line: Open) -> None:
    server = serve()
    with line(server) as transport:
        for size in (1, 32_767, 32_768, 32_769, 3_000_001):
            data = os.urandom(size)
            transport.put(io.BytesIO(data), f"inbound/{size}")
            assert (server.root / f"inbound/{size}").read_bytes() == data
            assert fetch(transport, f"inbound/{size}") == data


def test_fifty_megabytes_are_quick(serve: Serve, line: Open, tmp_path: Path) -> None:
    server = serve()
    data = os.urandom(1 << 20) * 50
    began = time.monotonic()
    with line(server) as transport:
        transport.put(io.BytesIO(data), "inbound/big")
        up = time.monotonic() - began
        with (tmp_path / "down").open("wb") as out:
            transport.get("inbound/big", out, limit=1 << 30)
    assert (tmp_path / "down").read_bytes() == data
    print(f"50 MB up {up:.1f} s, down {time.monotonic() - began - up:.1f} s")
    assert time.monotonic() - began < 40


def test_a_name_that_is_there_is_never_overwritten(serve: Serve, line: Open) -> None:
    server = serve()
    (server.root / "inbound/a.837").write_bytes(b"theirs")
    with line(server) as transport, pytest.raises(AlreadyThere) as there:
        transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
    assert there.value.size == 6
    assert (server.root / "inbound/a.837").read_bytes() == b"theirs"


def test_a_left_over_temporary_file_does_not_stand_in_the_way(serve: Serve, line: Open) -> None:
    server = serve()
    (server.root / "inbound/a.837.tmp").write_bytes(b"x" * 1_000_000)
    with line(server) as transport:
        transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
    assert (server.root / "inbound/a.837").read_bytes() == CLAIMS


def test_a_server_without_posix_rename_is_asked_for_the_plain_one(serve: Serve, line: Open) -> None:
    server = serve(forbid=["posix-rename"])
    with line(server) as transport:
        assert transport.put(io.BytesIO(CLAIMS), "inbound/a.837").renamed
    assert (server.root / "inbound/a.837").read_bytes() == CLAIMS


def test_where_renaming_is_forbidden_nothing_is_left_and_the_setting_is_named(serve: Serve, line: Open) -> None:
    server = serve(forbid=["rename", "posix-rename"])
    with line(server) as transport, pytest.raises(NotAllowed, match=r"outgoing\.rename: false"):
        transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
    assert os.listdir(server.root / "inbound") == []


def test_where_renaming_is_forbidden_a_direct_put_goes_through(serve: Serve, line: Open) -> None:
    server = serve(forbid=["rename", "posix-rename"])
    with line(server, outgoing={"rename": "false"}) as transport:
        done = transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
    assert (done.renamed, done.verified) == (False, True)
    assert (server.root / "inbound/a.837").read_bytes() == CLAIMS


def test_a_drop_box_that_lets_nobody_look_takes_files_unverified(serve: Serve, line: Open) -> None:
    server = serve(forbid=["stat", "lstat", "fstat"])
    with line(server) as transport:
        done = transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
    assert (done.renamed, done.verified) == (True, False)
    assert (server.root / "inbound/a.837").read_bytes() == CLAIMS


def test_a_read_only_server_is_told_as_not_allowed_and_can_still_be_read(serve: Serve, line: Open) -> None:
    server = serve(read_only=True)
    (server.root / "outbound/answer.999").write_bytes(b"ISA")
    with line(server, after_fetch="delete") as transport:
        with pytest.raises(NotAllowed, match=r"inbound/a\.837\.tmp: the partner's server does not allow it"):
            transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
        (file,) = transport.list("outbound")
        assert fetch(transport, file.path) == b"ISA"
        with pytest.raises(NotAllowed):
            transport.settle(file)
    assert (server.root / "outbound/answer.999").exists()


def test_requests_that_the_server_denies_are_told_as_not_allowed(serve: Serve, line: Open) -> None:
    server = serve(forbid=["remove", "opendir", "read"])
    (server.root / "outbound/a").write_bytes(b"x")
    with line(server) as transport:
        for call in (
            lambda: transport.list("outbound"),
            lambda: transport.delete("outbound/a"),
            lambda: transport.get("outbound/a", io.BytesIO(), limit=10),
        ):
            with pytest.raises(NotAllowed, match="Ask the partner for the right to it"):
                call()


def test_what_is_not_there_is_told_as_not_found_and_deleting_it_is_done(serve: Serve, line: Open) -> None:
    server = serve()
    with line(server) as transport:
        assert transport.stat("outbound/none") is None
        for call in (
            lambda: transport.list("none"),
            lambda: transport.get("outbound/none", io.BytesIO(), limit=10),
            lambda: transport.move("outbound/none", "archive/none"),
            lambda: transport.put(io.BytesIO(b"x"), "none/a.837"),
        ):
            with pytest.raises(NotFound):
                call()
        transport.delete("outbound/none")


def test_a_list_shows_files_only_with_size_and_time(serve: Serve, line: Open) -> None:
    server = serve()
    box = server.root / "outbound"
    (box / "folder").mkdir()
    (box / "b.835").write_bytes(b"12345")
    os.utime(box / "b.835", (1_000_000, 1_000_000))
    (box / "a.999").write_bytes(b"1")
    (box / "link").symlink_to(box / "b.835")
    (box / "broken").symlink_to(box / "nowhere")
    with line(server) as transport:
        found = transport.list("outbound")
    assert [file.name for file in found] == ["a.999", "b.835", "link"]
    assert found[1] == RemoteFile("outbound/b.835", "b.835", 5, 1_000_000)
    assert found[2].size == 5


def test_one_name_in_an_old_character_set_does_not_hide_the_folder(serve: Serve, line: Open) -> None:
    server = serve()
    box = os.fsencode(server.root / "outbound")
    for name in (b"r\xe9sum\xe9.835", b"plain.835", "añejo.835".encode(), b"line\nbreak"):
        with open(os.path.join(box, name), "wb") as out:
            out.write(b"ISA" + name)
    with line(server, after_fetch="delete") as transport:
        found = {file.name: fetch(transport, file.path) for file in transport.list("outbound")}
        assert found == {
            "r\\xe9sum\\xe9.835": b"ISAr\xe9sum\xe9.835",
            "plain.835": b"ISAplain.835",
            "añejo.835": b"ISA" + "añejo.835".encode(),
        }
        for file in transport.list("outbound"):
            assert transport.settle(file) == ""
    assert os.listdir(box) == [b"line\nbreak"]


def test_more_bytes_than_the_limit_are_not_fetched(serve: Serve, line: Open) -> None:
    server = serve()
    (server.root / "outbound/big").write_bytes(b"x" * 100_000)
    out = io.BytesIO()
    with line(server) as transport:
        with pytest.raises(TooLarge):
            transport.get("outbound/big", out, limit=99_999)
        assert out.getvalue() == b""
        assert transport.get("outbound/big", out, limit=100_000) == 100_000


def test_more_bytes_than_the_partner_takes_are_not_sent(serve: Serve, line: Open) -> None:
    server = serve()
    with line(server, outgoing={"limit": "1000"}) as transport, pytest.raises(TooLarge, match="smaller batches"):
        transport.put(io.BytesIO(b"x" * 1001), "inbound/a.837")
    assert os.listdir(server.root / "inbound") == []


def test_a_file_that_grows_is_not_picked_until_it_stands_still(serve: Serve, line: Open) -> None:
    server = serve()
    path = server.root / "outbound/remit.835"
    sightings: dict[str, Sighting] = {}
    ready: list[list[str]] = []
    with line(server) as transport:
        for at, grow in enumerate([b"ISA*", b"more", b"~IEA", b"", b"", b""]):
            with path.open("ab") as out:
                out.write(grow)
            seen = look(sightings, transport.list("outbound"), transport.pickup, at * 20.0)
            sightings = seen.sightings
            ready.append([file.name for file in seen.ready])
    # Unchanged from 40 s on: two looks are enough at 60 s, thirty seconds are not over before 80 s.
    assert ready == [[], [], [], [], ["remit.835"], ["remit.835"]]


def test_a_file_that_grows_while_it_is_read_is_tried_again(serve: Serve, line: Open) -> None:
    server = serve()
    path = server.root / "outbound/remit.835"
    path.write_bytes(b"x" * 5_000_000)

    def grow() -> None:
        with path.open("ab") as out:
            out.write(b"more")

    with line(server) as transport:
        with pytest.raises(TransferFailed, match="changed while it was read"):
            transport.get("outbound/remit.835", Slow({1_000_000: grow}), limit=1 << 30)
        assert len(fetch(transport, "outbound/remit.835")) == 5_000_004
        with pytest.raises(TransferFailed, match="changed while it was read"):
            transport.get("outbound/remit.835", Slow({500_000: lambda: os.truncate(path, 4_000_000)}), limit=1 << 30)


def test_the_same_file_under_another_name_is_listed_as_its_own(serve: Serve, line: Open) -> None:
    server = serve()
    for name in ("R5123456.AA", "R5123456.AB"):
        (server.root / "outbound" / name).write_bytes(CLAIMS)
    with line(server) as transport:
        first, second = transport.list("outbound")
        assert fetch(transport, first.path) == fetch(transport, second.path)


def test_a_fetched_file_is_left_deleted_or_moved_as_the_settings_say(serve: Serve, line: Open) -> None:
    server = serve()
    path = server.root / "outbound/a.835"
    path.write_bytes(b"one")
    for choice, where in (("leave", "outbound/a.835"), ("move", "archive/a.835")):
        with line(server, after_fetch=choice) as transport:
            (file,) = transport.list("outbound")
            assert transport.settle(file) == where
            assert (server.root / where).read_bytes() == b"one"
    with line(server, after_fetch="move") as transport:
        assert transport.settle(file) == ""  # Again, after a crash: it is settled.
        path.write_bytes(b"two")  # The partner uses the name again.
        (file,) = transport.list("outbound")
        where = transport.settle(file)
        assert where == f"archive/a.835.{file.mtime}"
    assert sorted(p.read_bytes() for p in (server.root / "archive").iterdir()) == [b"one", b"two"]
    path.write_bytes(b"three")
    with line(server, after_fetch="delete") as transport:
        (file,) = transport.list("outbound")
        assert transport.settle(file) == ""
        assert transport.settle(file) == ""
    assert not path.exists()


def test_a_name_that_was_used_again_since_the_fetch_is_not_deleted(serve: Serve, line: Open) -> None:
    server = serve()
    path = server.root / "outbound/R5123456.AA"
    path.write_bytes(b"first")
    with line(server, after_fetch="delete") as transport:
        (file,) = transport.list("outbound")
        path.write_bytes(b"the next payment")
        assert transport.settle(file) == file.path
    assert path.read_bytes() == b"the next payment"


def test_a_move_never_goes_over_a_file(serve: Serve, line: Open) -> None:
    server = serve()
    (server.root / "outbound/a").write_bytes(b"a")
    (server.root / "archive/a").write_bytes(b"b")
    with line(server) as transport, pytest.raises(AlreadyThere):
        transport.move("outbound/a", "archive/a")
    assert (server.root / "archive/a").read_bytes() == b"b"


# -- the line breaks ---------------------------------------------------------------------------------------------


def test_a_put_that_is_cut_leaves_no_final_name_and_a_retry_works(serve: Serve, line: Open) -> None:
    server = serve()
    transport = line(server)
    with transport, pytest.raises(ConnectionLost):
        transport.put(Stream(20_000_000, {5_000_000: server.kill_sessions}), "inbound/a.837")
    assert not (server.root / "inbound/a.837").exists()
    with transport:
        transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
    assert os.listdir(server.root / "inbound") == ["a.837"]


def test_a_direct_put_that_is_cut_has_an_unknown_outcome(serve: Serve, line: Open) -> None:
    server = serve()
    with line(server, outgoing={"rename": "false"}) as transport, pytest.raises(OutcomeUnknown, match="Look at"):
        transport.put(Stream(20_000_000, {5_000_000: server.kill_sessions}), "inbound/a.837")
    assert (server.root / "inbound/a.837").stat().st_size < 20_000_000


def test_a_get_that_is_cut_is_tried_again(serve: Serve, line: Open) -> None:
    server = serve()
    data = os.urandom(20_000_000)
    (server.root / "outbound/remit.835").write_bytes(data)
    transport = line(server)
    with transport, pytest.raises(ConnectionLost, match="tried again by itself"):
        transport.get("outbound/remit.835", Slow({3_000_000: server.kill_sessions}), limit=1 << 30)
    with transport:
        assert fetch(transport, "outbound/remit.835") == data


def test_a_line_that_broke_is_not_used_again_in_the_same_session(serve: Serve, line: Open) -> None:
    server = serve()
    with line(server) as transport:
        server.kill_sessions()
        with pytest.raises(ConnectionLost):
            transport.list("outbound")
        with pytest.raises(ConnectionLost, match="no open line"):
            transport.list("outbound")


def stop_sessions(server: Sshd) -> None:
    assert server.signal_sessions(signal.SIGSTOP)


@pytest.mark.parametrize("direction", ["put", "get", "list"])
def test_a_peer_that_falls_silent_ends_within_the_limit(serve: Serve, line: Open, direction: str) -> None:
    server = serve()
    (server.root / "outbound/remit.835").write_bytes(b"x" * 30_000_000)
    out = Slow({3_000_000: lambda: stop_sessions(server)})
    data = Stream(1 << 40, {3_000_000: lambda: stop_sessions(server)})
    with line(server) as transport:
        if direction == "list":
            stop_sessions(server)
        calls = {
            "put": lambda: transport.put(data, "inbound/a.837"),
            "get": lambda: transport.get("outbound/remit.835", out, limit=1 << 30),
            "list": lambda: transport.list("outbound"),
        }
        began = time.monotonic()
        with pytest.raises(TimedOut):
            calls[direction]()
        assert time.monotonic() - began < 8
    assert not (server.root / "inbound/a.837").exists()


def test_a_transfer_that_only_drips_ends_at_its_whole_limit(serve: Serve, line: Open) -> None:
    server = serve()

    class Drip(Stream):
        def read(self, count: int = -1) -> bytes:
            time.sleep(0.2)
            return super().read(100)

    with line(server, timeouts={"channel": "2s", "transfer": "3s"}) as transport:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            transport.put(Drip(1 << 30), "inbound/a.837")
        assert time.monotonic() - began < 6


def test_the_answer_to_the_rename_is_lost(serve: Serve, line: Open) -> None:
    """The one moment that nobody can see into: told as unknown, and the look afterwards finds the truth."""
    server = serve()
    transport = line(server)
    with transport:
        session = transport._calls.line.session
        rename = session.rename_over

        def rename_and_die(path: str, to: str) -> None:
            rename(path, to)
            server.kill_sessions()
            session.look_at(to)

        session.rename_over = rename_and_die
        with pytest.raises(OutcomeUnknown):
            transport.put(io.BytesIO(CLAIMS), "inbound/a.837")
    with transport:
        assert transport.stat("inbound/a.837").size == len(CLAIMS)


def test_a_full_disk_on_our_side_is_our_own_error(serve: Serve, line: Open) -> None:
    server = serve()
    (server.root / "outbound/remit.835").write_bytes(b"x" * 1_000_000)

    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError(28, "No space left on device")

    with line(server) as transport, pytest.raises(OSError, match="No space left on device"):
        transport.get("outbound/remit.835", Full(), limit=1 << 30)
    with line(server) as transport:
        assert len(fetch(transport, "outbound/remit.835")) == 1_000_000


def test_two_lines_at_once_do_not_disturb_each_other(serve: Serve, line: Open) -> None:
    server = serve()
    data = os.urandom(3_000_000)
    failed: list[BaseException] = []

    def work(name: str) -> None:
        try:
            with line(server) as transport:
                transport.put(io.BytesIO(data), f"inbound/{name}")
                assert fetch(transport, f"inbound/{name}") == data
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(f"{n}.837",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
