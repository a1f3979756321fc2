"""Load: many reviewers at once over 100,000 stored calls; ``python -m tests.review.load``.

Starts a desk of its own on 127.0.0.1 over made-up results in a temporary folder, lets ``--people``
sessions work for ``--seconds`` (queue pages with filters, call pages, sound ranges, decisions), prints
the times and exits 1 on any error.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

import httpx
from sqlalchemy import insert, select

from pipeline.config import ReviewConfig
from pipeline.review.auth import add_user
from pipeline.review.desk import Desk, now, open_desk
from pipeline.review.load import load_new_days
from pipeline.review.models import Item, LoadedDay, ReviewCall
from tests.review.factory import write_day

PASSWORD = "load test password"
REAL = 60  # calls with a file and sound; the other rows are copies of theirs
Times = dict[str, list[float]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between a person's clicks")
    parser.add_argument(
        "--keep", type=Path, help="folder to make the calls in, or to use as an earlier run left it"
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callqa-load-") as folder:
        root: Path = asked.keep or Path(folder)
        if not (root / "made").exists():
            make_desk(root, calls=asked.calls, people=asked.people).database.engine.dispose()
            (root / "made").touch()
        port = _free_port()
        server = subprocess.Popen([sys.executable, "-c", _SERVER, str(root), str(port)])
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            times, errors = work(address, asked.people, asked.seconds, asked.pause)
            cpu_s = _cpu_s(server.pid)
        finally:
            server.terminate()
            server.wait(20)
    report(times, errors, asked, cpu_s=cpu_s)
    return 1 if errors or not times else 0


_SERVER = """
import sys
from pathlib import Path
import uvicorn
from pipeline.config import ReviewConfig
from pipeline.review.app import create_app
from pipeline.review.desk import open_desk
root = Path(sys.argv[1])
desk = open_desk(root / "results", config=ReviewConfig(recordings=(str(root / "recordings"),), login_attempts=1000))
desk.judge.book("2026-11-21")
uvicorn.run(create_app(desk), host="127.0.0.1", port=int(sys.argv[2]), log_level="error", proxy_headers=False)
"""


def make_desk(root: Path, *, calls: int, people: int) -> Desk:
    """A desk over ``calls`` rows, the first ``REAL`` of them with files."""
    write_day(root / "results", "2026-11-21", calls=REAL, recordings=root / "recordings")
    desk = open_desk(root / "results", config=ReviewConfig(recordings=(str(root / "recordings"),)))
    load_new_days(desk)
    with desk.database.writing() as session:
        for n in range(people):
            add_user(session, name=f"质检{n}", password=PASSWORD, role="supervisor", at=now())
    _multiply(desk, calls)
    return desk


def _multiply(desk: Desk, calls: int) -> None:
    rng = random.Random(3)
    call_columns = [c.name for c in ReviewCall.__table__.columns]
    item_columns = [c.name for c in Item.__table__.columns if c.name != "id"]
    with desk.database.writing() as session:
        rows = [dict(r._mapping) for r in session.execute(select(ReviewCall.__table__))]
        items = [dict(r._mapping) for r in session.execute(select(Item.__table__))]
        by_call: dict[int, list[dict[str, object]]] = defaultdict(list)
        for item in items:
            by_call[item["call_pk"]].append({k: item[k] for k in item_columns})
        for start in range(REAL, calls, 5000):
            fresh, faults = [], []
            for pk in range(start + 1, min(start + 5000, calls) + 1):
                model = rng.choice(rows)
                date = f"2026-{9 + pk % 2:02d}-{1 + pk % 28:02d}"
                fresh.append(
                    {k: model[k] for k in call_columns}
                    | {"id": pk, "call_id": f"copy-{pk:06d}", "date": date, "flagged": rng.random() < 0.3,
                       "priority": round(rng.random() * 300, 2)}
                )  # fmt: skip
                faults += [{**item, "call_pk": pk} for item in by_call[model["id"]]]
            session.execute(insert(ReviewCall.__table__), fresh)
            session.execute(insert(Item.__table__), faults)
        for day in range(1, 29):
            for month in (9, 10):
                session.merge(
                    LoadedDay(date=f"2026-{month:02d}-{day:02d}", digest="", calls=1, loaded_at=now())
                )


def work(address: str, people: int, seconds: float, pause: float) -> tuple[Times, list[str]]:
    times: Times = defaultdict(list)
    errors: list[str] = []
    ready = threading.Barrier(people + 1)
    end = [0.0]

    def one(n: int) -> None:
        rng = random.Random(n)
        with httpx.Client(base_url=address, timeout=120, follow_redirects=True) as client:
            csrf = _sign_in(client, n, errors)
            ready.wait()
            while csrf and time.monotonic() < end[0]:
                try:
                    _click(client, rng, csrf, times, errors)
                except httpx.HTTPError as error:
                    errors.append(repr(error))
                time.sleep(rng.expovariate(1 / pause) if pause else 0)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(people)]
    for thread in threads:
        thread.start()
    end[0] = time.monotonic() + 1e6
    ready.wait()
    end[0] = time.monotonic() + seconds
    for thread in threads:
        thread.join()
    return times, errors


def _sign_in(client: httpx.Client, n: int, errors: list[str]) -> str:
    """The session's token; empty, and an error noted, when it did not work."""
    try:
        client.post("/login", data={"name": f"质检{n}", "password": PASSWORD, "next": "/notices"})
        found = re.search(r'data-csrf="([^"]+)"', client.get("/notices").text)
    except httpx.HTTPError as error:
        errors.append(f"log-in: {error!r}")
        return ""
    if found is None:
        errors.append("log-in: no session")
    return found[1] if found else ""


def _click(client: httpx.Client, rng: random.Random, csrf: str, times: Times, errors: list[str]) -> None:
    """What a reviewer does next: mostly look, often listen, sometimes decide."""
    roll = rng.random()
    pk = rng.randint(1, REAL)
    if roll < 0.45:
        query = rng.choice(
            ["", "team=一组&flagged=1", "agent=6035&flagged=1", "rule=taboo.retort&flagged=1", "grade=D&flagged=",
             "sort=total&flagged=1", "date_from=2026-10-01&date_to=2026-10-07&flagged=1", "confidence=0.9&flagged=1",
             "fatal=1&flagged=1", "flagged=1&page=20"]
        )  # fmt: skip
        _timed(client, times, errors, "queue", "GET", f"/queue?{query}")
    elif roll < 0.75:
        page = _timed(client, times, errors, "call page", "GET", f"/calls/{pk}")
        sound = re.search(r'data-src="([^"]+)"', page)
        if sound:
            start = rng.randint(0, 500_000)
            heads = {"range": f"bytes={start}-{start + 200_000}"}
            _timed(client, times, errors, "sound range", "GET", sound[1], headers=heads)
    elif roll < 0.9:
        state = client.get(f"/api/calls/{pk}").json()
        item = rng.choice(state["items"])
        form = {"csrf": csrf, "rule_id": item["rule_id"], "answer": "confirm", "seen": item["seen"]}
        _timed(
            client,
            times,
            errors,
            "decision",
            "POST",
            f"/calls/{pk}/decide",
            data=form,
            headers={"x-panel": "1"},
        )
    else:
        _timed(client, times, errors, "board", "GET", "/boards?by=team&start=2026-10-01&end=2026-10-07")


def _timed(
    client: httpx.Client,
    times: Times,
    errors: list[str],
    what: str,
    method: str,
    path: str,
    **options: object,
) -> str:
    start = time.perf_counter()
    answer = client.request(method, path, **options)  # type: ignore[arg-type]
    times[what].append(time.perf_counter() - start)
    if answer.status_code == 409:
        times["told: somebody was first"].append(times[what].pop())
    elif answer.status_code >= 400:
        errors.append(f"{path}: {answer.status_code}")
    return answer.text if "text" in answer.headers.get("content-type", "") else ""


def report(times: Times, errors: list[str], asked: argparse.Namespace, *, cpu_s: float) -> None:
    total = sum(map(len, times.values()))
    print(
        f"{asked.calls} stored calls, {asked.people} sessions, {asked.seconds:g} s, pause {asked.pause:g} s"
    )
    print("| | requests | p50 ms | p95 ms | max ms |\n|---|---|---|---|---|")
    for what, found in sorted(times.items()):
        ordered = sorted(1000 * t for t in found)
        p50, p95 = (ordered[min(int(len(ordered) * q), len(ordered) - 1)] for q in (0.5, 0.95))
        print(f"| {what} | {len(found)} | {p50:.0f} | {p95:.0f} | {ordered[-1]:.0f} |")
    busy = os.getloadavg()[0]
    print(
        f"{total / asked.seconds:.1f} requests a second, {len(errors)} errors; machine's load average {busy:.1f}"
    )
    print(
        f"server CPU {cpu_s:.1f} s in all, log-ins included: {1000 * cpu_s / max(total, 1):.0f} ms a request"
    )
    for error in errors[:10]:
        print(error)


def _cpu_s(pid: int) -> float:
    """CPU seconds a process has used (proc(5), fields 14 and 15): what load from elsewhere does not change."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{address}/login")
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the desk did not start")


if __name__ == "__main__":
    sys.exit(main())
