"""A club's letters by APScheduler: a round to all of its members, and one letter of its own.

Its environment: ``CLUB_DB`` (a SQLite file), ``VENDOR`` (base URL of everybody it talks to).
"""

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED
from apscheduler.schedulers.blocking import BlockingScheduler
from errands import people, remind, remind_all

scheduler = BlockingScheduler(job_defaults={"misfire_grace_time": None})
done = []


def stop_after_both(event):
    done.append(event.job_id)
    if len(done) == 2:
        scheduler.shutdown(wait=False)


scheduler.add_listener(stop_after_both, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
scheduler.add_job(remind_all)
scheduler.add_job(remind, args=tuple(people()[0]))
scheduler.start()
