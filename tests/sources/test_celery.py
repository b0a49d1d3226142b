"""Celery tasks: run by a real worker over the memory broker, in a process of its own, eagerly."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from celery import Celery, signals
from celery.contrib.testing.worker import start_worker
from celery.worker import state
from flask import Flask, request

from sst_otel.scope import PROCESS, current_scope
from tests.sources.processes import environment, instrumented, shared
from tests.sources.sender import Sender
from tests.support import Tracking, Vendor, tracking_in
from tests.system.launch import wait_until

CITY = "Leipzig"
EMAIL = "ada.lovelace@example.org"


_VENDOR = {"url": ""}


@pytest.fixture(autouse=True)
def _vendor(vendor: Vendor) -> None:
    _VENDOR["url"] = vendor.url


@pytest.fixture(scope="module")
def celery() -> Celery:
    app: Any = Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.update(
        broker_connection_retry_on_startup=False,
        broker_transport_options={"polling_interval": 0.02},
    )

    def tell(**payload: Any) -> None:
        requests.post(f"{_VENDOR['url']}/v1", json=payload, timeout=5)

    def welcome(email: str, city: str = "") -> str:
        tell(to=email, city=city)
        return current_scope().route

    def remind(self: Any, user_id: int, profile: dict[str, str], **more: str) -> int:
        tell(profile=profile, **more)
        return int(self.request.retries)

    def weak(text: str) -> None:
        tell(city=text)

    def again(self: Any, email: str) -> str:
        tell(to=email)
        if self.request.retries == 0:
            raise self.retry(countdown=0)
        return current_scope().route

    def broken(email: str) -> None:
        raise ZeroDivisionError

    def report(people: list[dict[str, str]]) -> None:
        for person in people:
            tell(who=person["email"], where=person["city"])

    for function in (welcome, weak, broken, report):
        app.task(name=f"shop.{function.__name__}", shared=False)(function)
    app.task(name="shop.remind", bind=True, shared=False)(remind)
    app.task(name="shop.again", bind=True, max_retries=1, shared=False)(again)
    return app


@pytest.fixture(scope="module")
def worker(celery: Celery) -> Iterator[None]:
    def leave_it(**_: object) -> None:
        """Keep Celery from setting the levels of loggers, which are other tests' too."""

    signals.setup_logging.connect(leave_it)
    with start_worker(celery, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        yield
    signals.setup_logging.disconnect(leave_it)
    logging.captureWarnings(False)


def shares(tracking: Tracking) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (row["route"], row["owner_id"], tuple(sorted(row["data_types"]))) for row in tracking.rows()
    ]


def send(celery: Celery, name: str, *args: Any, **kwargs: Any) -> Any:
    result = celery.tasks[name].apply_async(args, kwargs)
    try:
        return result.get(timeout=30, interval=0.02)
    finally:
        wait_until(lambda: not state.active_requests)  # its result is there before its end


@pytest.mark.usefixtures("worker")
class TestInAWorker:
    def test_arguments_are_tagged_by_their_names(self, celery: Celery, tracking: Tracking) -> None:
        assert send(celery, "shop.welcome", EMAIL, city=CITY) == "task shop.welcome"
        ((route, _, types),) = shares(tracking)
        assert (route, types) == ("task shop.welcome", ("city", "email"))

    def test_user_id_names_whose_they_are(self, celery: Celery, tracking: Tracking) -> None:
        profile = {"email": EMAIL, "city": CITY}
        assert send(celery, "shop.remind", 7, profile, phone="+49 341 1234567") == 0
        ((_, owner, types),) = shares(tracking)
        assert owner == "7"
        assert set(types) >= {"city", "email", "phone"}

    def test_what_is_known_stays_its_owners(self, celery: Celery, tracking: Tracking) -> None:
        import sst_otel

        sst_otel.tag("".join(EMAIL), "email", owner_id=1)
        send(celery, "shop.welcome", EMAIL)
        assert [(owner, types) for _, owner, types in shares(tracking)] == [("1", ("email",))]

    def test_a_town_is_not_somebody_elses(self, celery: Celery, tracking: Tracking) -> None:
        import sst_otel

        for value, data_type in (("".join(EMAIL), "email"), (CITY, "city")):
            sst_otel.tag(value, data_type, owner_id=1)
        send(celery, "shop.welcome", "bo.moser@example.org", city=CITY)
        send(celery, "shop.remind", 7, {"email": "cai.okafor@example.net", "city": CITY})
        found = [(owner, set(types)) for _, owner, types in shares(tracking)]
        assert ("7", {"city", "email"}) in found
        assert "1" not in [owner for owner, _ in found]

    @pytest.mark.parametrize("key", ["user_id", "number"])
    def test_each_record_of_a_list_has_its_person(
        self, key: str, celery: Celery, tracking: Tracking
    ) -> None:
        import sst_otel

        sst_otel.tag("".join(EMAIL), "email", owner_id=1)
        people = [
            {key: 1, "email": EMAIL, "city": CITY},
            {key: 2, "email": "bo.moser@example.org", "city": CITY},
            {key: 3, "email": "cai.okafor@example.net", "city": "Reading"},
        ]
        send(celery, "shop.report", people)
        found = shares(tracking)
        assert [types for _, _, types in found] == [("city", "email")] * 3
        owners = [owner for _, owner, _ in found]
        assert owners[0] == "1"
        assert owners[1:] == ["2", "3"] or (key == "number" and len(set(owners)) == 3)

    @pytest.mark.parametrize(("queue", "types"), [("celery", [["user_id"]]), ("other", [])])
    def test_what_a_trusted_service_says(
        self, queue: str, types: list[list[str]], celery: Celery, tmp_path: Path
    ) -> None:
        member = "QX-774-19-KLP-2"
        with tracking_in(tmp_path, trusted_hosts=(queue,)) as tracking:
            headers = Sender(tracking).headers(user_id=member)
            task = celery.tasks["shop.weak"].apply_async((member,), headers=headers)
            task.get(timeout=30, interval=0.02)
            assert [row["data_types"] for row in tracking.rows()] == types

    def test_one_task_knows_nothing_of_the_one_before(
        self, celery: Celery, tracking: Tracking
    ) -> None:
        send(celery, "shop.welcome", EMAIL, city=CITY)
        send(celery, "shop.weak", CITY)
        assert len(shares(tracking)) == 1

    def test_a_retry_is_a_task_again(self, celery: Celery, tracking: Tracking) -> None:
        assert send(celery, "shop.again", EMAIL) == "task shop.again"
        assert [types for _, _, types in shares(tracking)] == [("email",)] * 2

    def test_a_failure_leaves_no_scope_behind(self, celery: Celery, tracking: Tracking) -> None:
        with pytest.raises(ZeroDivisionError):
            send(celery, "shop.broken", EMAIL)
        send(celery, "shop.weak", CITY)
        assert shares(tracking) == []

    def test_wrong_arguments_fail_as_without_us(self, celery: Celery, tracking: Tracking) -> None:
        unchecked = celery.tasks["shop.broken"]
        unchecked.typing = False
        with pytest.raises(TypeError, match="unexpected keyword argument 'city'"):
            send(celery, "shop.broken", city=CITY)


class TestEagerly:
    def test_inside_a_request_it_is_part_of_it(self, celery: Celery, tracking: Tracking) -> None:
        app = Flask(__name__)

        @app.post("/signup")
        def signup() -> str:
            task = celery.tasks["shop.weak"]
            task.apply((request.form["city"][:3] + request.form["city"][3:],))
            return ""

        app.test_client().post("/signup", data={"city": CITY, "email": EMAIL})
        assert [(route, types) for route, _, types in shares(tracking)] == [("/signup", ("city",))]

    def test_elsewhere_it_is_a_job(self, celery: Celery, tracking: Tracking) -> None:
        assert celery.tasks["shop.welcome"].apply((EMAIL,)).get() == "task shop.welcome"
        assert current_scope() is PROCESS


def test_after_tracking_tasks_run_without_us(celery: Celery, tmp_path: Path) -> None:
    from tests.support import tracking_in

    with tracking_in(tmp_path):
        assert signals.task_prerun.receivers
    assert not signals.task_prerun.receivers
    assert celery.tasks["shop.welcome"].apply((EMAIL,)).get() == ""


def test_a_worker_process_is_tracked_without_code(tmp_path: Path, vendor: Vendor) -> None:
    (tmp_path / "jobs.py").write_text(
        textwrap.dedent(
            """
            import os
            import requests
            from celery import Celery, signals

            app = Celery(
                "jobs", broker="filesystem://", backend="file://" + os.environ["RESULTS"]
            )
            app.conf.broker_transport_options = {
                **dict.fromkeys(
                    ("data_folder_in", "data_folder_out", "control_folder"), os.environ["MAIL"]
                )
            }

            @app.task
            def welcome(user_id, email):
                requests.post(os.environ["VENDOR"] + "/v1", json={"to": email}, timeout=5)
            """
        )
    )
    for name in ("mail", "results"):
        (tmp_path / name).mkdir()
    environ = environment(
        tmp_path,
        MAIL=str(tmp_path / "mail"),
        RESULTS=str(tmp_path / "results"),
        VENDOR=vendor.url,
    )
    subprocess.run(
        [sys.executable, "-c", f"import jobs; jobs.welcome.delay(7, {EMAIL!r})"],
        env=environ,
        check=True,
        timeout=60,
    )
    arrived = threading.Event()
    vendor.on_request = arrived.set
    command = instrumented("celery", "-A", "jobs", "worker", "--pool", "solo", "-l", "error")
    worker = subprocess.Popen(command, env=environ, cwd=tmp_path)
    try:
        assert arrived.wait(60)
    finally:
        worker.terminate()  # it finishes its task first
        worker.wait(60)
    assert shared(environ) == [("task jobs.welcome", "7", ["email"])]
