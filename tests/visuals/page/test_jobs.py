"""Jobs: in order, with progress, cancelled, failed; and again after the studio was killed."""

import asyncio
import json
import subprocess

import pytest

from live.child_process import child_command
from visuals.page.child import Child
from visuals.page.jobs import CANCELLED, DONE, FAILED, RUNNING, WAITING, Jobs


def until_over(jobs, *, act=lambda job: None, most_s=60.0):
    """Run the queue until every job is over; act: called when a job changes."""

    async def run():
        over = asyncio.Event()

        def changed(job):
            act(job)
            if all(other.is_over for other in jobs.all()):
                over.set()

        jobs.on_change = changed
        work = asyncio.create_task(jobs.run())
        await asyncio.wait_for(over.wait(), most_s)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    asyncio.run(run())


def test_jobs_run_in_order_and_say_what_is_wrong(tmp_path):
    ended = []
    jobs = Jobs(tmp_path, on_end=lambda job: ended.append((job.id, job.state)))
    jobs.add("ask", ["--version"], None, {"title": "version"})
    jobs.add("ask", ["perform", "nothing.wav", "-o", str(tmp_path / "x.npz")], None, {})
    until_over(jobs)
    assert ended == [("000001", DONE), ("000002", FAILED)]
    assert "nothing.wav" in jobs.find("000002").say
    assert "argv" not in jobs.find("000001").shown()
    kept = json.loads((tmp_path / "000002.json").read_text())
    assert kept["state"] == FAILED


def test_what_ran_when_the_studio_was_killed_runs_again(tmp_path):
    before = Jobs(tmp_path)
    before.add("ask", ["--version"], None, {"n": 1})
    before.add("ask", ["--version"], None, {"n": 2})
    path = tmp_path / "000001.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": RUNNING, "done": 0.5}))
    (tmp_path / "000009.json").write_text("{")  # damaged
    again = Jobs(tmp_path)
    assert [(job.state, job.done) for job in again.all()] == [(WAITING, 0.0), (WAITING, 0.0)]
    until_over(again)
    assert [job.state for job in again.all()] == [DONE, DONE]
    assert again.add("ask", [], None, {}).id == "000003"


def test_a_waiting_job_is_cancelled_and_an_old_one_forgotten(tmp_path):
    jobs = Jobs(tmp_path)
    job = jobs.add("ask", ["--version"], None, {})
    jobs.cancel(job.id)
    assert jobs.find(job.id).state == CANCELLED
    jobs.cancel(job.id)
    assert jobs.all() == []
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError):
        jobs.cancel(job.id)


def test_a_job_ends_with_its_studio(tmp_path):
    """Its standard input closes: as when the studio was killed, or the job is cancelled."""
    command = child_command("visuals.page.job_process", "perform", "live/audio/demo.ogg", "-o")
    process = subprocess.Popen(
        [*command, str(tmp_path / "x.npz"), "--progress", "json"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert process.stdin
        assert process.stdout
        assert b"done" in process.stdout.readline()  # it dances
        process.stdin.close()
        assert process.wait(30) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_does_not_listen_is_killed(monkeypatch):
    monkeypatch.setattr("visuals.page.child._PATIENCE_S", 0.2)
    child = Child("timeit", ["import time; time.sleep(60)"], listens=True)

    async def run():
        task = asyncio.create_task(child.run())
        await asyncio.sleep(0)
        child.stop()
        return await asyncio.wait_for(task, 30)

    assert asyncio.run(run()) != 0
