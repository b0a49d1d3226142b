"""A disk, a key or a setting that is no good: the shop runs as without us, and we say so once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sst_otel import guard, tracker
from sst_otel.audit import open_reader
from sst_otel.keys import load_keys
from sst_otel.settings import load_settings
from tests.support import Vendor
from tests.system.launch import FLASK, OTEL, Launched, launched, wait_until
from tests.system.limits import full_disk, obey_permissions
from tests.system.people import MARIA, sign_in

MEMORY = "sqlite:///file:shop?mode=memory&cache=shared&uri=true"


def use(app: Launched) -> list[int]:
    """Use the shop twice over, so that what is said twice is seen; return the answers' codes."""
    codes = []
    with app.client() as client:
        sign_in(client, app.url, MARIA)
        for _ in range(2):
            for path in ("/advice", "/conversion", "/contact"):
                codes.append(client.post(app.url + path, data={"saved": "5000"}).status_code)
    return codes


CODES = [200, 204, 204] * 2


def said(app: Launched) -> list[str]:
    return [line.partition("sst_otel: ")[2] for line in app.ours()]


KEY_FILE = "the key file cannot be read or created"
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "owner": (
        {"SST_OWNER": "nonsense"},
        "SST_OWNER: 'nonsense' is not a rule; use flask_login, django_auth, starlette_auth, "
        "web_login, session:KEY, jwt:CLAIM or header:NAME",
    ),
    "no file": (
        {"SST_CONFIG": "/nowhere/sst.yaml"},
        "SST_CONFIG: cannot read /nowhere/sst.yaml: No such file or directory",
    ),
    "broken file": (
        {"SST_CONFIG": "{folder}/broken.yaml"},
        "SST_CONFIG: {folder}/broken.yaml is not valid YAML in line 1",
    ),
    "unknown key": (
        {"SST_CONFIG": "{folder}/unknown.yaml"},
        "unknown setting 'databse_url' (in {folder}/unknown.yaml); did you mean database_url?",
    ),
    "negative": ({"SST_RETENTION_DAYS": "-1"}, "SST_RETENTION_DAYS: must not be negative"),
    "short key": ({"SST_KEY": "short"}, "SST_KEY: a key needs at least 16 characters"),
    "no folder": (
        {"SST_KEY_FILE": "/proc/no/key"},
        f"{KEY_FILE}: No such file or directory: /proc/no",
    ),
    "a folder": ({"SST_KEY_FILE": "{folder}"}, f"{KEY_FILE}: Is a directory: {{folder}}"),
    "database": ({"SST_DATABASE_URL": "nonsense"}, "SST_DATABASE_URL: must be a SQLAlchemy URL"),
}


def wrong(name: str, folder: Path) -> tuple[dict[str, str], str]:
    """Return a wrong setting and the beginning of what is to be said about it."""
    (folder / "broken.yaml").write_text("owner: [")
    (folder / "unknown.yaml").write_text("databse_url: sqlite:///x.db")
    environ, line = WRONG[name]
    environ = {key: value.format(folder=folder) for key, value in environ.items()}
    return environ, "tracking is off: " + line.format(folder=folder)


@pytest.mark.parametrize("name", ["owner", "broken file", "no folder"])
def test_a_wrong_setting_switches_us_off(name: str, vendor: Vendor, tmp_path: Path) -> None:
    environ, line = wrong(name, tmp_path)
    with launched(tmp_path, vendor.url, (OTEL, *FLASK), environ) as app:
        assert use(app) == CODES
    assert said(app) == [line]
    assert list(app.audit.rglob("*")) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_said_in_one_line(
    name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environ, line = wrong(name, tmp_path)
    guard.reset()
    url = {"SST_DATABASE_URL": f"sqlite:///{tmp_path / 'audit.db'}"}
    tracker.start_quietly(lambda: load_settings({**url, **environ}))
    assert tracker.running() is None
    (message,) = caplog.messages
    assert message.startswith(f"sst_otel: {line}")
    assert "\n" not in message


def test_a_key_file_that_may_not_be_read(vendor: Vendor, tmp_path: Path) -> None:
    key = tmp_path / "sst.key"
    key.write_text("k" * 43)
    key.chmod(0)
    environ = {"SST_KEY_FILE": str(key)}
    with launched(tmp_path, vendor.url, environ=environ, preexec=obey_permissions) as app:
        assert use(app) == CODES
    assert said(app) == [f"tracking is off: {KEY_FILE}: Permission denied: {key}"]


def test_a_key_folder_that_may_not_be_written(vendor: Vendor, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o555)
    environ = {"SST_KEY_FILE": str(folder / "sst.key")}
    with launched(tmp_path, vendor.url, environ=environ, preexec=obey_permissions) as app:
        assert use(app) == CODES
    (line,) = said(app)
    assert line.startswith(f"tracking is off: {KEY_FILE}: Permission denied: {folder}")


def test_a_full_disk(vendor: Vendor, tmp_path: Path) -> None:
    environ = {"SHOP_DB": MEMORY, "SST_KEY": "k" * 32}
    with launched(tmp_path, vendor.url, environ=environ, preexec=full_disk) as app:
        assert use(app) == CODES
    journal = [line for line in said(app) if line.startswith("cannot write audit events")]
    assert journal == [
        f"cannot write audit events to {app.audit / 'audit.spool'}: File too large; the application"
        " is not affected, the latest events are kept in memory meanwhile"
    ]
    assert len(said(app)) == len(set(said(app))) <= 5


def test_a_folder_that_may_not_be_written(vendor: Vendor, tmp_path: Path) -> None:
    audit = tmp_path / "audit"
    audit.mkdir()
    audit.chmod(0o555)
    environ = {"SST_KEY": "k" * 32}
    with launched(tmp_path, vendor.url, environ=environ, preexec=obey_permissions) as app:
        assert use(app) == CODES
    lines = said(app)
    assert sum("cannot write audit events" in line for line in lines) == 1
    assert len(lines) == len(set(lines)) <= 5
    assert list(audit.iterdir()) == []


def test_a_database_that_is_read_only(vendor: Vendor, tmp_path: Path) -> None:
    """The events wait in the journals, and are read from there by whoever may write."""
    audit = tmp_path / "audit"
    audit.mkdir()
    environ = {"SST_KEY": "k" * 32, "SST_SPOOL_DIR": str(tmp_path / "spool")}
    settings = load_settings({**environ, "SST_DATABASE_URL": f"sqlite:///{audit / 'audit.db'}"})
    with closing(open_reader(settings, load_keys(settings.key, settings.key_file))) as reader:
        assert reader.audit_logs(viewer=None) == ([], None)
    for path in audit.iterdir():
        path.chmod(0o444)
    audit.chmod(0o555)
    with launched(tmp_path, vendor.url, environ=environ, preexec=obey_permissions) as app:
        assert use(app) == CODES
        wait_until(lambda: said(app) != [])
    (line,) = said(app)
    assert "audit" in line
    audit.chmod(0o755)
    for path in audit.iterdir():
        path.chmod(0o644)
    assert len(app.shares()) == 1 + len(CODES)


def test_a_database_that_is_down(vendor: Vendor, tmp_path: Path) -> None:
    environ = {
        "SST_DATABASE_URL": "postgresql://sst@127.0.0.1:1/audit",
        "SST_SPOOL_DIR": str(tmp_path / "spool"),
        "SST_KEY": "k" * 32,
    }
    with launched(tmp_path, vendor.url, environ=environ) as app:
        assert use(app) == CODES
        wait_until(lambda: said(app) != [])
    (line,) = said(app)
    assert "audit" in line
    app.environ["SST_DATABASE_URL"] = f"sqlite:///{tmp_path / 'later.db'}"
    assert len(app.shares()) == 1 + len(CODES)


@pytest.mark.parametrize("workers", [12])
def test_workers_that_create_the_key_at_once_agree(workers: int, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from sst_otel.keys import load_keys;"
        "print('ready', flush=True); sys.stdin.readline();"
        "print(load_keys(None, Path(sys.argv[1])).key_id)"
    )
    path = tmp_path / "new" / "sst.key"
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(workers)
    ]
    for process in racing:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in racing:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate()[0].strip() for process in racing}
    assert keys == {load_keys(None, path).key_id}
    assert [file.name for file in path.parent.iterdir()] == ["sst.key"]
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_the_rules_bind_a_child_and_nobody_else(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.write_text("x")
    closed.chmod(0)
    attempts: list[tuple[str, Callable[[], None]]] = [
        (f"open({str(closed)!r})", obey_permissions),
        (f"open({str(tmp_path / 'new')!r}, 'wb', buffering=0).write(b'x')", full_disk),
    ]
    for program, limit in attempts:
        ended = subprocess.run(
            [sys.executable, "-c", program], preexec_fn=limit, stderr=subprocess.PIPE, check=False
        )
        assert ended.returncode == 1, program
    (tmp_path / "new").write_text("x")
