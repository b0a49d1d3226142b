"""A club's letters by processes of every kind, written without any thought of tracking.

``python couriers.py METHOD WAY...``: how processes are started, and what hands the members out. Its
environment: ``CLUB_DB`` (a SQLite file), ``VENDOR`` (base URL of everybody it talks to).
"""

import multiprocessing
import queue
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial

from errands import people, tell

try:
    import joblib
    import joblib.externals.loky as loky
except ImportError:
    joblib = loky = None


def letter(member):
    tell("/v1/messages", to=member["email"], town=member["city"])
    return member["user_id"]


def postcard(user_id, email, city):
    tell("/v1/messages", to=email, town=city)
    return user_id


def greeted(greeting, member):
    tell("/v1/messages", to=member["email"], town=member["city"], greeting=greeting)
    return member["user_id"]


def all_letters(members):
    for member in members:
        letter(member)


def gather(letters, done):
    """Send what has come, whenever nothing more comes for a while."""
    waiting = []
    while True:
        try:
            number, member = letters.get(timeout=0.05)
        except queue.Empty:
            for number, member in waiting:
                letter(member)
                done.put(number)
            waiting = []
        else:
            if member is None:
                break
            waiting.append((number, member))


def hand_out(way, context, members):
    if way == "process":
        workers = [context.Process(target=letter, args=(member,)) for member in members]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    elif way == "list":
        worker = context.Process(target=all_letters, kwargs={"members": members})
        worker.start()
        worker.join()
    elif way == "queue":
        letters, done = context.Queue(), context.Queue()
        worker = context.Process(target=gather, args=(letters, done), daemon=True)
        worker.start()
        for number, member in enumerate(members):
            letters.put((number, member))
            done.get(timeout=60)
        letters.put((0, None))
        worker.join()
    elif way in ("map", "starmap", "imap", "partial"):
        rows = [(member["user_id"], member["email"], member["city"]) for member in members]
        with context.Pool(2) as pool:
            if way == "map":
                pool.map(letter, members)
            elif way == "starmap":
                pool.starmap(postcard, rows)
            elif way == "imap":
                list(pool.imap_unordered(letter, members, chunksize=2))
            else:
                pool.map(partial(greeted, "Dear member"), members)
            pool.close()
            pool.join()
    elif way == "loky":
        with loky.ProcessPoolExecutor(2) as pool:
            for future in [pool.submit(letter, member) for member in members]:
                future.result()
            list(pool.map(letter, members, chunksize=2))
    elif way.startswith("joblib"):
        calls = [joblib.delayed(letter)(member) for member in members]
        joblib.Parallel(2, way.removeprefix("joblib "), batch_size=2)(calls)
    else:
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            if way == "submit":
                for future in as_completed([pool.submit(letter, member) for member in members]):
                    future.result()
            else:
                list(pool.map(letter, members, chunksize=2))


if __name__ == "__main__":
    method, *ways = sys.argv[1:]
    for way in ways:
        hand_out(
            way,
            multiprocessing.get_context(method),
            [
                {"user_id": row["id"], "email": row["email"], "city": row["city"]}
                for row in people()
            ],
        )
