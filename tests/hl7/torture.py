# An MLLP server of another make (python3-hl7) that behaves badly, from a seed. It tells every message it
# has read, and what it did, as a line of JSON. A message counts as taken when it was answered AA or CA, or
# when it was read and the answer was lost on the way.
import asyncio
import json
import random
import sys

import hl7
from hl7.mllp import start_hl7_server

seed, poison_reject, poison_error = int(sys.argv[1]), sys.argv[2], sys.argv[3]
chance = random.Random(seed)


def say(**what):
    print(json.dumps(what), flush=True)


def ack(code, control):
    return f"MSH|^~\\&|T|T|||20260105||ACK|x|T|2.6\rMSA|{code}|{control}|said so\r"


def frame(text):
    return b"\x0b" + text.encode() + b"\x1c\r"


async def serve(reader, writer):
    try:
        while True:
            text = str(await reader.readmessage())
            message = hl7.parse(text)
            control = str(message.extract_field("MSH", 1, 10))
            position = str(message.extract_field("OBR", 1, 3, 1, 1)).split("/")[-1]
            what = behave(position)
            say(control=control, position=int(position), what=what, size=len(text))
            good = frame(ack(chance.choice(["AA", "CA"]), control))
            half = chance.randrange(1, len(good))
            if what == "lost":
                writer.transport.abort()
                return
            if what == "delayed":
                await asyncio.sleep(chance.random() * 0.05)
                writer.write(good)
            elif what == "two":
                writer.write(good + good)
            elif what == "half":
                writer.write(good[:half])
                await writer.drain()
                writer.close()
                return
            elif what == "halves":
                writer.write(good[:half])
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.write(good[half:])
            elif what == "wrong":
                writer.write(frame(ack("AA", "another")))
            elif what == "wrong-then-right":
                writer.write(frame(ack("AR", "another")) + good)
            elif what == "noise":
                writer.write(b"noise" + good + b"\r\n")
            elif what == "error":
                writer.write(frame(ack(chance.choice(["AE", "CE"]), control)))
            elif what == "reject":
                writer.write(frame(ack("AR", control)))
            elif what == "silent":
                pass
            else:
                writer.write(good)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


RARE = ["lost", "delayed", "two", "half", "halves", "wrong", "wrong-then-right", "noise", "error", "silent"]


def behave(position):
    if position == poison_reject:
        return "reject"
    if position == poison_error:
        return "error"
    return chance.choice(RARE) if chance.random() < 0.1 else "good"


async def main():
    server = await start_hl7_server(serve, "127.0.0.1", port=0, encoding="utf-8", limit=1 << 20)
    say(port=server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


asyncio.run(main())
