"""Commands: click's own and Flask's, by their runners and by ``opentelemetry-instrument``."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner
from flask import Flask

import sst_otel
from sst_otel.scope import PROCESS, current_scope
from tests.sources.processes import environment, instrumented, shared
from tests.support import Tracking, Vendor

CITY = "Leipzig"
EMAIL = "ada.lovelace@example.org"


@pytest.fixture
def tell(vendor: Vendor) -> Callable[..., None]:
    def send(**payload: Any) -> None:
        requests.post(f"{vendor.url}/v1", json=payload, timeout=5)

    return send


def shares(tracking: Tracking) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (row["route"], row["owner_id"], tuple(sorted(row["data_types"]))) for row in tracking.rows()
    ]


class TestClick:
    @pytest.fixture
    def commands(self, tell: Callable[..., None]) -> click.Group:
        @click.group(name="shop")
        def commands() -> None:
            """Keep the shop."""

        @commands.command()
        @click.option("--user-id", type=int)
        @click.option("--email")
        @click.option("--city")
        def remind(user_id: int | None, email: str, city: str) -> None:
            tell(to=email, city=city)
            click.echo(current_scope().route)

        @commands.command()
        def fail() -> None:
            raise ZeroDivisionError

        return commands

    def test_options_are_tagged_by_their_names(
        self, commands: click.Group, tracking: Tracking
    ) -> None:
        arguments = ["remind", "--email", EMAIL, "--city", CITY, "--user-id", "7"]
        result = CliRunner().invoke(commands, arguments)
        assert result.output == "command shop remind\n"
        assert shares(tracking) == [("command shop remind", "7", ("city", "email"))]

    def test_somebody_known_stays_themselves(
        self, commands: click.Group, tracking: Tracking
    ) -> None:
        sst_otel.tag("".join(list(EMAIL)), "email", owner_id=1)
        CliRunner().invoke(commands, ["remind", "--email", EMAIL, "--city", CITY])
        assert shares(tracking) == [("command shop remind", "1", ("city", "email"))]

    def test_exceptions_pass_and_the_scope_is_left(
        self, commands: click.Group, tracking: Tracking
    ) -> None:
        result = CliRunner().invoke(commands, ["fail"])
        assert type(result.exception) is ZeroDivisionError
        assert current_scope() is PROCESS

    def test_inside_a_job_it_is_part_of_it(self, commands: click.Group, tracking: Tracking) -> None:
        with sst_otel.scope(7, name="nightly"):
            result = CliRunner().invoke(commands, ["remind", "--email", EMAIL])
        assert result.output == "nightly\n"

    def test_commands_of_libraries_are_no_jobs(self, tracking: Tracking) -> None:
        seen: list[Any] = []

        def serve() -> None:
            seen.append(current_scope())

        serve.__module__ = "flask.cli"
        CliRunner().invoke(click.Command("run", callback=serve), [])
        assert seen == [PROCESS]


def test_a_flask_command_runs_in_a_scope(tell: Callable[..., None], tracking: Tracking) -> None:
    app = Flask(__name__)

    @app.cli.command("remind")
    @click.argument("email")
    def remind(email: str) -> None:
        tell(to=email)

    result = app.test_cli_runner().invoke(args=["remind", EMAIL])
    assert result.exception is None
    ((route, _, types),) = shares(tracking)
    assert route.startswith("command ")
    assert route.endswith(" remind")
    assert types == ("email",)


def test_the_flask_command_is_tracked_without_code(tmp_path: Path, vendor: Vendor) -> None:
    (tmp_path / "site_of_ours.py").write_text(
        textwrap.dedent(
            """
            import os
            import click
            import requests
            from flask import Flask

            app = Flask(__name__)

            @app.cli.command("notify")
            @click.option("--user-id", type=int)
            @click.option("--email")
            def notify(user_id, email):
                requests.post(os.environ["VENDOR"] + "/v1", json={"to": email}, timeout=5)
            """
        )
    )
    environ = environment(tmp_path, FLASK_APP="site_of_ours", VENDOR=vendor.url)
    command = instrumented("flask", "notify", "--user-id", "7", "--email", EMAIL)
    subprocess.run(command, env=environ, cwd=tmp_path, check=True, timeout=60)
    assert shared(environ) == [("command flask notify", "7", ["email"])]
