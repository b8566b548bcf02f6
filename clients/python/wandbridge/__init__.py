"""A client of wandbridge: what a bridge knows of the pumps it reads. Standard library only; Python 3.11 or newer.

    from wandbridge import Client

    client = Client("http://127.0.0.1:8420", token)
    for pump in client.list_pumps()["pumps"]:
        print(pump["pump"]["serial"], pump["quality"])
"""
from .client import (
    Bye,
    Client,
    Event,
    Problem,
    Recorded,
    Reset,
    Silent,
    Snapshot,
    Status,
    Tick,
)

__all__ = [
    "Bye",
    "Client",
    "Event",
    "Problem",
    "Recorded",
    "Reset",
    "Silent",
    "Snapshot",
    "Status",
    "Tick",
]
