"""Moves the bytes of the API: asks its addresses, and follows its events through lost connections.

What a bridge sends is not checked here: the types are those of the OpenAPI document, which the bridge keeps.
"""
from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Callable, Iterable, Iterator, TypeAlias, cast
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from . import api

#: A bridge says something every five seconds: after two of them nothing that is shown is live.
SILENT_S = 10.0
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0
#: Statuses that pass by themselves.
LATER = (408, 425, 429, 500, 502, 503, 504)


class Problem(Exception):
    """The bridge refused, or could not answer. `problem` says what that means and what to do."""

    def __init__(self, status: int, problem: api.Problem | None, retry_after: float = 0.0) -> None:
        said = f"{problem['title']}. {problem['detail']} {problem['next']}" if problem else ""
        super().__init__(said or f"status {status}")
        self.status = status
        self.problem = problem
        self.retry_after = retry_after


@dataclass(frozen=True)
class Snapshot:
    """What is known now. It comes first, and again wherever what follows is no continuation."""

    data: api.SnapshotEvent


@dataclass(frozen=True)
class Recorded:
    """A record, each once and in order. `id` is to be kept: given as `after`, it goes on behind it."""

    id: str
    data: api.Record


@dataclass(frozen=True)
class Status:
    """What is live has changed."""

    data: api.StatusEvent


@dataclass(frozen=True)
class Reset:
    """What came before is not continued: a snapshot follows."""

    data: api.ResetEvent


@dataclass(frozen=True)
class Tick:
    """The bridge is there."""

    data: api.TickEvent


@dataclass(frozen=True)
class Bye:
    """The bridge ends this connection, and says why."""

    data: api.ByeEvent


@dataclass(frozen=True)
class Silent:
    """Nothing is heard, and nothing that is shown is live. The connection is tried again by itself."""

    why: str


Event: TypeAlias = Snapshot | Recorded | Status | Reset | Tick | Bye | Silent


class _NoRedirect(HTTPRedirectHandler):
    """A token is sent to nobody else."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        return None


class Client(api.Operations):
    """`url`: `http://127.0.0.1:8420`. `context`: whom to trust, for a bridge with TLS."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = SILENT_S,
        context: ssl.SSLContext | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._sleep = sleep
        self._opener = build_opener(_NoRedirect, HTTPSHandler(context=context))

    def _open(self, path: str, query: api.Query, accept: str, **headers: str) -> HTTPResponse:
        given = {name: value for name, value in query.items() if value is not None}
        address = f"{self._url}{path}" + (f"?{urlencode(given)}" if given else "")
        sent = {"Accept": accept, "Authorization": f"Bearer {self._token}", **headers}
        request = Request(address, headers=sent)
        try:
            return cast(HTTPResponse, self._opener.open(request, timeout=self._timeout))
        except HTTPError as error:
            raise _problem(error) from None

    def _json(self, path: str, query: api.Query) -> object:
        with self._open(path, query, "application/json") as reply:
            return json.load(reply)

    def _text(self, path: str, query: api.Query) -> str:
        with self._open(path, query, "*/*") as reply:
            return reply.read().decode()

    def events(
        self,
        *,
        after: str | None = None,
        pump: str | None = None,
        kinds: Iterable[str] | None = None,
    ) -> Iterator[Event]:
        """Everything that happens, as it happens, for as long as it is asked for.

        `after`: the id of the last record that was taken. Through lost connections, and over restarts of the bridge,
        every record comes once and in order; where that cannot be, `Reset` says so. Raises `Problem` when the bridge
        refuses; ends after a `Bye` that says that the token is not good any more.
        """
        last = after
        place: tuple[str, int] | None = None
        wait = FIRST_WAIT_S
        query = {"pump": pump, "kinds": ",".join(kinds) if kinds is not None else None}
        while True:
            pause, why = wait, "the connection has ended"
            resume = {} if last is None else {"Last-Event-ID": last}
            try:
                with self._open("/api/v1/events", query, "text/event-stream", **resume) as reply:
                    for name, id, text in _parsed(reply):
                        data = json.loads(text)
                        wait = FIRST_WAIT_S
                        if name == "snapshot":
                            snapshot = cast(api.SnapshotEvent, data)
                            log, position = snapshot["log"], snapshot["position"]
                            if id and log is not None:
                                last = id
                                place = (log, -1 if position is None else position)
                            yield Snapshot(snapshot)
                        elif name == "status":
                            yield Status(data)
                        elif name == "tick":
                            yield Tick(data)
                        elif name == "reset":
                            yield Reset(data)
                        elif name == "bye":
                            yield Bye(data)
                            if data["reason"] in ("revoked", "expired"):
                                return
                        elif data.get("kind") == name:
                            record = cast(api.Record, data)
                            log, position = record["log"], record["position"]
                            if place is not None and place[0] == log and position <= place[1]:
                                continue
                            last, place = record["id"], (log, position)
                            yield Recorded(record["id"], record)
                        # A kind of event that is newer than this client is left aside.
            except Problem as problem:
                if problem.status not in LATER:
                    raise
                pause, why = max(wait, problem.retry_after), str(problem)
            except TimeoutError:
                why = "the bridge is silent"
            except (OSError, HTTPException) as error:
                why = str(error) or type(error).__name__
            wait = min(LONGEST_WAIT_S, wait * 2)
            yield Silent(why)
            self._sleep(pause)


def _problem(error: HTTPError) -> Problem:
    try:
        said = json.loads(error.read())
        problem = cast(api.Problem, said) if "next" in said else None
    except (ValueError, TypeError, OSError):
        problem = None
    after = error.headers.get("Retry-After", "0")
    return Problem(error.code, problem, float(after) if after.isdecimal() else 0.0)


def _parsed(lines: Iterable[bytes]) -> Iterator[tuple[str, str, str]]:
    """Name, id and data of every server-sent event; one that was cut off is left out."""
    name, id, data = "", "", list[str]()
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        if line == "":
            if data:
                yield name, id, "\n".join(data)
            name, id, data = "", "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            id = value
