"""Shows every pump and its refills, then follows what is live until it has changed three times.

Usage: WANDBRIDGE_TOKEN=… python3 read.py http://127.0.0.1:8420
"""
import json
import os
import sys
import urllib.request

BASE, TOKEN = sys.argv[1], os.environ["WANDBRIDGE_TOKEN"]
SILENT_S = 10  # two ticks: after that nothing is live


def ask(path):
    request = urllib.request.Request(BASE + path, headers={"Authorization": f"Bearer {TOKEN}"})
    return urllib.request.urlopen(request, timeout=SILENT_S)


def show(pump):
    volume = pump["reservoir"]["reportedVolume"]
    number = "not available" if volume["value"] is None else f"{volume['value']} {volume['unit']}"
    live = "live" if pump["quality"] == "current" else f"NOT LIVE ({pump['reason']})"
    print(f"{pump['source']} {pump['pump']['serial']}: {number}, {live}, read {pump['readAt']}")


def events():
    """(name, data) of every event; ends, or raises TimeoutError when the bridge is silent."""
    name, data = "message", []
    for raw in ask("/api/v1/events"):
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data.append(line[6:])
        elif line == "" and data:
            yield name, json.loads("\n".join(data))
            name, data = "message", []


for pump in json.load(ask("/api/v1/pumps"))["pumps"]:
    show(pump)
    history = json.load(ask(f"/api/v1/pumps/{pump['pump']['id']}/refills"))
    for refill in history["refills"]:
        filled, before = refill["filledVolume"], refill["before"]
        left = "not known" if before is None else f"{before['reportedVolume']['value']} mL"
        print(f"refill on {refill['filledAt']}: {filled['value']} {filled['unit']}, before it {left}")

seen = 0
for name, data in events():
    if name in ("snapshot", "status"):
        for pump in data["pumps"]:
            serial = pump["pump"]["serial"] if name == "snapshot" else pump["serial"]
            print(f"{data['asOf']} {serial} {pump['quality']} {pump.get('reason', '')}".rstrip())
    if name in ("interrogation", "live", "tick"):
        seen += 1
    if seen == 3:
        break
