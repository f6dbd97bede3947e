"""What a person says is checked before anything starts."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exam_engine.settings import CannotStart, ExitCode, Settings, data_folder, default_data, read_settings


def test_the_command_line_goes_before_the_environment_and_that_before_the_defaults(tmp_path: Path) -> None:
    environ = {"EXAM_HOST": "0.0.0.0", "EXAM_PORT": "9000", "EXAM_DATA": str(tmp_path)}
    said = read_settings(port=9001, environ=environ)
    assert (said.host, said.port, said.processes, said.data) == ("0.0.0.0", 9001, 1, tmp_path)
    assert (said.database_url, said.redis_url, said.demo_minutes) == (None, None, None)


def test_valkeys_own_schemes_mean_the_same(tmp_path: Path) -> None:
    assert read_settings(data=tmp_path, environ={"EXAM_REDIS_URL": "valkeys://h"}).redis_url == "rediss://h"


def test_urls_come_from_the_environment(tmp_path: Path) -> None:
    environ = {"EXAM_DATABASE_URL": "postgresql://h/exam", "EXAM_REDIS_URL": "rediss://:secret@h:6379/0"}
    said = read_settings(data=tmp_path, environ=environ)
    assert (said.database_url, said.redis_url) == ("postgresql://h/exam", "rediss://:secret@h:6379/0")
    assert "secret@" not in repr(said)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"EXAM_PORT": "http"}, "EXAM_PORT must be a whole number, not 'http'"),
        ({"EXAM_PORT": "65536"}, "the port must be between 0 and 65535, not 65536"),
        ({"EXAM_PROCESSES": "0"}, "the number of processes must be between 1 and 64, not 0"),
        ({"EXAM_DATABASE_URL": "mysql://h/pw"}, "EXAM_DATABASE_URL must start with one of postgresql://, postgres://"),
        ({"EXAM_REDIS_URL": "h:6379"}, "EXAM_REDIS_URL must start with one of redis://"),
        ({"EXAM_SECRET_KEY": "abc"}, "EXAM_SECRET_KEY must be 64 hexadecimal digits"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(environ: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=message) as refused:
        read_settings(data=tmp_path, environ=environ)
    assert refused.value.exit_code == ExitCode.SETTINGS


def test_short_exams_are_for_the_demonstration_only(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="needs --demo"):
        read_settings(data=tmp_path, demo_minutes=5, environ={})
    assert read_settings(data=tmp_path, demo=True, demo_minutes=5, environ={}).demo_minutes == 5


def test_the_secret_key_is_made_once_and_is_for_its_owner(tmp_path: Path) -> None:
    first = read_settings(data=tmp_path, environ={}).secret_key
    assert read_settings(data=tmp_path, environ={}).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert first.hex() not in repr(read_settings(data=tmp_path, environ={}))


def test_many_who_make_the_secret_key_at_once_agree_on_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: read_settings(data=tmp_path, environ={}).secret_key, range(8)))
    assert len(set(made)) == 1


def test_a_secret_key_from_the_environment_needs_no_file(tmp_path: Path) -> None:
    said = read_settings(data=tmp_path, environ={"EXAM_SECRET_KEY": "ab" * 32})
    assert said.secret_key == b"\xab" * 32
    assert not (tmp_path / "secret.key").exists()


def test_a_data_folder_that_can_not_be_written_to_is_refused() -> None:
    with pytest.raises(CannotStart, match="can't be written to"):
        data_folder(Path("/proc/exam"))


def test_root_in_a_closed_folder_keeps_its_data_where_systems_keep_data(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert default_data(lambda: closed, root=True) == Path("/var/lib/physician-exam")
    assert default_data(lambda: closed, root=False) == closed / "exam-data"
    assert default_data(lambda: Path("/usr"), root=True) == Path("/usr/exam-data")


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    assert str(CannotStart("connection failed:\n\tno route\n")) == "connection failed: no route"


def test_settings_are_frozen(tmp_path: Path) -> None:
    said = read_settings(data=tmp_path, environ={})
    with pytest.raises(AttributeError):
        said.port = 1  # type: ignore[misc]
    assert isinstance(said, Settings)
