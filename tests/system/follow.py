"""Follows a bridge with the client in Python, and prints what it gets, an event a line."""
import json
import sys

from wandbridge import Bye, Client, Problem, Recorded, Reset, Silent, Snapshot, Status, Tick

url, token, after = sys.argv[1], sys.argv[2], sys.argv[3] or None
silent_s = float(sys.argv[4])


def say(kind: str, value: object) -> None:
    print(json.dumps([kind, value]), flush=True)


client = Client(url, token, timeout=silent_s)
try:
    pumps = client.list_pumps()["pumps"]
    if pumps:
        pump = pumps[0]
        volume: float | None = pump["reservoir"]["reportedVolume"]["value"]
        page = client.list_readings(pump["pump"]["id"], limit=5, order="desc")
        visits = client.list_interrogations(pump["pump"]["id"])["interrogations"]
        visit = client.get_interrogation(pump["pump"]["id"], visits[0]["id"])["interrogation"]
        say("asked", [volume, len(page["readings"]), visit["kind"], client.get_health()["ok"]])
        try:
            client.get_pump("none/../pumps")
        except Problem as problem:
            say("problem", [problem.status, problem.problem["type"] if problem.problem else None])
    for event in client.events(after=after):
        match event:
            case Recorded(id, record):
                if record["kind"] == "alarm":
                    print(record["alarm"]["class"])
                say("record", [id, record["position"], record["log"]])
            case Snapshot(data):
                say("snapshot", data["position"])
            case Reset(data):
                say("reset", data["reason"])
            case Silent(why):
                say("silent", why)
            case Status(status):
                say("status", status["asOf"])
            case Tick(tick):
                say("tick", tick["asOf"])
            case Bye(bye):
                say("bye", bye["reason"])
except Problem as problem:
    say("refused", [problem.status, str(problem)])
