"""However work is carried to a thread of its own, each person's data stay that person's.

Two people's requests hand two pieces of work over, interleaved; what is sent leaves when both have
ended. In a process of its own, as gevent patches what everybody uses; tests of vendors' packages
have sentry-sdk beside them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import Vendor

_PROGRAM = """
import asyncio, collections, queue, sys, threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

beside = sys.argv[3]
if beside == "gevent":
    from gevent import monkey
    monkey.patch_all()
import requests
import sst_otel
from tests.support import tracking_in

URL = sys.argv[1]
PEOPLE = {"1": ("ann.keller@example.com", "Leipzig"), "2": ("bea.moser@example.com", "Dresden")}


def send(batch):
    requests.post(URL, json={"events": batch}, timeout=20)


def batched(put, get, made):
    def carry(give):
        box, go = made(), threading.Event()
        def work():
            go.wait()
            send(list(iter(lambda: get(box), None)))
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        give(lambda item: put(box, item))
        put(box, None)
        go.set()
        worker.join()
    return carry


class Ranked:
    rank = 0
    def __init__(self, item):
        Ranked.rank += 1
        self.rank, self.item = Ranked.rank, item
    def __lt__(self, other):
        return self.rank < other.rank


def timers(give):
    started = []
    give(lambda item: started.append(threading.Timer(0, send, [[item]])))
    for timer in started:
        timer.start()
    for timer in started:
        timer.join()


def pool(kind):
    def carry(give):
        with kind(1) as workers:
            done = []
            give(lambda item: done.append(workers.submit(send, [item])))
            for one in done:
                one.result()
    return carry


def in_tasks(give):
    async def main():
        waiting, batch = asyncio.Queue(), []
        async def work():
            while (item := await waiting.get()) is not None:
                batch.append(item)
            await asyncio.to_thread(send, batch)
        worker = asyncio.create_task(work())
        give(waiting.put_nowait)
        waiting.put_nowait(None)
        await worker
    asyncio.run(main())


def after_the_answer(give):
    async def main():
        tasks = []
        async def later(item):
            await asyncio.to_thread(send, [item])
        give(lambda item: tasks.append(asyncio.get_running_loop().create_task(later(item))))
        await asyncio.gather(*tasks)
    asyncio.run(main())


def greenlets(give):
    import gevent.pool
    workers = gevent.pool.Pool(2)
    give(lambda item: workers.spawn(send, [item]))
    workers.join()


carriers = {
    "queue": batched(queue.Queue.put, queue.Queue.get, queue.Queue),
    "simple queue": batched(lambda q, i: q.put(i), lambda q: q.get(), queue.SimpleQueue),
    "priorities": batched(
        lambda q, item: q.put(Ranked(item)), lambda q: q.get().item, queue.PriorityQueue
    ),
    "deque": batched(collections.deque.append, collections.deque.popleft, collections.deque),
    "timers": timers,
    "threads": pool(ThreadPoolExecutor),
    "tasks": in_tasks,
    "after the answer": after_the_answer,
}
if beside == "gevent":
    carriers["greenlets"] = greenlets
    del carriers["tasks"], carriers["after the answer"]  # asyncio.to_thread is not for greenlets
if beside == "nothing":
    carriers["processes"] = pool(ProcessPoolExecutor)


def give(put):
    for number in range(2):
        for owner, (mail, city) in PEOPLE.items():
            with sst_otel.scope(owner=owner):
                mail = sst_otel.tag("".join(list(mail)), "email")
                city = sst_otel.tag("".join(list(city)), "city")
                put({"number": number, "email": mail, "where": {"city": city}})


for name, carry in carriers.items():
    path = Path(sys.argv[2]) / name.replace(" ", "-")
    path.mkdir()
    with tracking_in(path) as tracking:
        carry(give)
        told = {(owner, kinds) for _, owner, kinds in tracking.shares()}
        everything = {("1", ("city", "email")), ("2", ("city", "email"))}
        if name == "processes":  # a worker knows whom its parent knew when it began
            assert told <= everything, told
        else:
            assert told == everything, (name, told)
        assert tracking.errors() == {}, (name, tracking.errors())
print("each their own")
"""


@pytest.mark.parametrize("beside", ["nothing", "gevent"])
def test_each_their_own(beside: str, vendor: Vendor, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _PROGRAM, vendor.url, str(tmp_path), beside]
    run = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert run.stdout == "each their own\n", run.stderr
