"""Work of a club without any request: its people are rows, its errands go to other companies.

``python errands.py loop|fork|spawn|pool|executor``. Its environment: ``CLUB_DB`` (a SQLite file),
``VENDOR`` (base URL of everybody it talks to).
"""

import multiprocessing
import os
import sched
import sqlite3
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing

import requests


def people():
    with closing(sqlite3.connect(os.environ["CLUB_DB"])) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute("SELECT id, email, city FROM members ORDER BY id").fetchall()


def tell(path, **fields):
    requests.post(os.environ["VENDOR"] + path, json=fields, timeout=20)


def remind(user_id, email, city):
    tell("/v1/messages", to=email, town=city)


def remind_all():
    for row in people():
        tell("/v1/messages", to=row["email"], town=row["city"])


def work(errands):
    while (errand := errands.get()) is not None:
        tell("/v1/messages", to=errand["email"], town=errand["city"])


def hand_out(method):
    context = multiprocessing.get_context(method)
    errands = context.Queue()
    worker = context.Process(target=work, args=(errands,))
    worker.start()
    for row in people():
        errands.put({"user_id": row["id"], "email": row["email"], "city": row["city"]})
    errands.put(None)
    worker.join()


def main(way):
    if way == "loop":
        clock = sched.scheduler()
        for second in range(2):
            clock.enter(second / 100, 1, remind_all)
        clock.run()
    elif way == "pool":
        pool = multiprocessing.get_context("fork").Pool(1)
        for row in people():
            pool.apply(remind, tuple(row))
        pool.close()
        pool.join()
    elif way == "executor":
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, context) as pool:
            for row in people():
                pool.submit(remind, *row).result()
    else:
        hand_out(way)


if __name__ == "__main__":
    main(sys.argv[1])
