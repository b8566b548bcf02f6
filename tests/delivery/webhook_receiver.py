"""A receiver of webhooks of another make: Python's own server, and a check of the signature that was written
from the public text of Standard Webhooks alone. It does to every message what its plan says, and prints a line
for each request: the id, whether the signature holds, and what was done.

Its argument is JSON: secret, plan (what is done to the nth new message, else "ok"), poison (positions that are
refused for ever), cert and key (PEM files, for TLS)."""
import base64
import hashlib
import hmac
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

asked = json.loads(sys.argv[1])
plan = {int(n): what for n, what in asked.get("plan", {}).items()}
poison = set(asked.get("poison", []))
known = {}
lock = threading.Lock()


def verified(headers, body):
    """The public text: whsec_ and base64 of the key; `id.timestamp.body` under HMAC-SHA256; a list of
    signatures with their version; a time that is not far off."""
    key = base64.b64decode(asked["secret"].removeprefix("whsec_"), validate=True)
    msg_id, stamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > 300:
        return "time"
    signed = msg_id.encode() + b"." + stamp.encode() + b"." + body
    good = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    for one in headers["webhook-signature"].split(" "):
        version, _, value = one.partition(",")
        if version == "v1" and hmac.compare_digest(value, good):
            return "ok"
    return "signature"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        check = verified(self.headers, body)
        msg_id = self.headers["webhook-id"]
        record = json.loads(body)
        with lock:
            times = known.setdefault(msg_id, {"n": len(known), "times": 0})
            n, before = times["n"], times["times"]
            times["times"] += 1
        what = "ok" if before else plan.get(n, "ok")
        if record["position"] in poison:
            what = "400"
        if what == "always-410":
            what = "410"
        print(json.dumps({
            "id": msg_id, "check": check, "position": record["position"], "kind": record["kind"],
            "size": len(body), "what": what, "at": time.monotonic(),
            "type": self.headers["content-type"], "contradicted": record.get("contradicted", False),
        }), flush=True)
        if what in ("drop", "taken-drop"):
            self.close_connection = True
            self.connection.close()
            return
        if what == "slow":
            time.sleep(asked.get("slow", 3))
        if what == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhal")
            self.close_connection = True
            return
        if what == "flood":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            try:
                for _ in range(1024):
                    self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            except OSError:
                pass
            self.close_connection = True
            return
        status = int(what) if what.isdigit() else 200
        answer = b"because" if status != 200 else b""
        try:
            self.send_response(status)
            if status in (429, 503):
                self.send_header("retry-after", str(asked.get("after", 1)))
            if 300 <= status < 400:
                self.send_header("location", "/elsewhere")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except OSError:
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Handler)
if "cert" in asked:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(asked["cert"], asked["key"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(json.dumps({"port": server.server_address[1]}), flush=True)
server.serve_forever()
