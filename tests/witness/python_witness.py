"""A witness of transparency logs, after c2sp.org/tlog-witness, tlog-cosignature, tlog-checkpoint and
signed-note alone, by whoever tests the bridge against a witness that is not its own.

    python3 -B python_witness.py DIR NAME LOGKEY...

The standard library only; Ed25519 in the plain numbers of the second verifier. It keeps its state in DIR
and prints one line of JSON when it listens: {"url", "key"}.
"""

import base64
import hashlib
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "audit"))
import second_verifier as ed  # noqa: E402


def sha256(data):
    return hashlib.sha256(data).digest()


# ---- Ed25519, the half that signs (RFC 8032, 5.1.5 and 5.1.6) --------------------------------------


def encode(point):
    x, y, z, _ = point
    inverse = pow(z, ed.P - 2, ed.P)
    x, y = x * inverse % ed.P, y * inverse % ed.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def expand(secret):
    h = hashlib.sha512(secret).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return a, h[32:]


def public_of(secret):
    return encode(ed.times(ed.BASE, expand(secret)[0]))


def sign(secret, message):
    a, prefix = expand(secret)
    number = lambda data: int.from_bytes(hashlib.sha512(data).digest(), "little") % ed.L  # noqa: E731
    r = number(prefix + message)
    point = encode(ed.times(ed.BASE, r))
    s = (r + number(point + public_of(secret) + message) * a) % ed.L
    return point + s.to_bytes(32, "little")


# ---- Notes and proofs ------------------------------------------------------------------------------


def vkey(text):
    name, id_, data = text.split("+", 2)
    raw = base64.b64decode(data)
    assert raw[0] == 1 and len(raw) == 33
    assert sha256(name.encode() + b"\n" + raw)[:4].hex() == id_
    return name, bytes.fromhex(id_), raw[1:]


class Refused(Exception):
    def __init__(self, status, body=b""):
        super().__init__(status)
        self.status, self.body = status, body


def strict64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError(text)
    return data


def parse(body):
    """old size, proof, origin, size, root, text, signatures."""
    head, gap, note = body.decode().partition("\n\n")
    first, *proof = head.split("\n")
    if not gap or not first.startswith("old ") or len(proof) > 63:
        raise ValueError("not a submission")
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise ValueError("not a note")
    origin, size, root = text.split("\n")[:3]
    for number in (first[4:], size):
        if str(int(number)) != number or int(number) < 0:
            raise ValueError("not a size")
    lines = []
    for line in signatures[:-1].split("\n"):
        dash, name, data = line.split(" ")
        if dash != "—":
            raise ValueError("not a signature line")
        raw = strict64(data)
        lines.append((name, raw[:4], raw[4:], line))
    proof = [strict64(one) for one in proof]
    if any(len(one) != 32 for one in proof) or len(strict64(root)) != 32:
        raise ValueError("not a hash")
    return int(first[4:]), proof, origin, int(size), strict64(root), text + "\n", lines


def node(left, right):
    return sha256(b"\1" + left + right)


def roots_of(m, n, proof, old_root):
    """RFC 6962, 2.1.2, read backwards: the roots at m and n that SUBPROOF(m, D[n], b) leads to."""
    rest = list(proof)

    def walk(m, n, whole):
        if m == n:
            one = old_root if whole else rest.pop(0)
            return one, one
        k = 1
        while k * 2 < n:
            k *= 2
        if m <= k:
            before, after = walk(m, k, whole)
            return before, node(after, rest.pop(0))
        before, after = walk(m - k, n - k, False)
        left = rest.pop(0)
        return node(left, before), node(left, after)

    roots = walk(m, n, True)
    if rest:
        raise IndexError("the proof is too long")
    return roots


# ---- The witness -----------------------------------------------------------------------------------


class Witness:
    def __init__(self, directory, name, logs):
        self.path = os.path.join(directory, "state.json")
        self.name = name
        self.logs = [vkey(text) for text in logs]
        self.lock = threading.Lock()
        os.makedirs(directory, exist_ok=True)
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.state = json.load(file)
        else:
            self.state = {"secret": os.urandom(32).hex(), "logs": {}}
            self.keep()
        self.secret = bytes.fromhex(self.state["secret"])
        raw = b"\4" + public_of(self.secret)
        self.id = sha256(name.encode() + b"\n" + raw)[:4]
        self.key = f"{name}+{self.id.hex()}+{base64.b64encode(raw).decode()}"

    def keep(self):
        with open(self.path + ".new", "w") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def add(self, body):
        try:
            old, proof, origin, size, root, text, lines = parse(body)
        except (ValueError, UnicodeDecodeError) as error:
            raise Refused(400, str(error).encode()) from None
        keys = [key for key in self.logs if key[0] == origin]
        if not keys:
            raise Refused(404)
        known = 0
        for name, id_, signature, _ in lines:
            for key in keys:
                if (name, id_) == key[:2]:
                    if not ed.check_signature(key[2], text.encode(), signature):
                        raise Refused(403)
                    known += 1
        if not known:
            raise Refused(403)
        if old > size:
            raise Refused(400)
        with self.lock:
            seen = self.state["logs"].get(origin, {"size": 0, "root": sha256(b"").hex()})
            if old != seen["size"]:
                raise Refused(409, b"%d\n" % seen["size"])
            before = bytes.fromhex(seen["root"])
            self.check(old, before, size, root, proof)
            self.state["logs"][origin] = {"size": size, "root": root.hex()}
            self.keep()
        now = int(time.time())
        signature = sign(self.secret, f"cosignature/v1\ntime {now}\n{text}".encode())
        data = self.id + now.to_bytes(8, "big") + signature
        return f"— {self.name} {base64.b64encode(data).decode()}\n".encode()

    @staticmethod
    def check(old, before, size, root, proof):
        if size == 0 and root != sha256(b""):
            raise Refused(422)
        if old == 0:
            if proof:
                raise Refused(422)
            return
        if old == size:
            if proof or root != before:
                raise Refused(422)
            return
        try:
            if roots_of(old, size, proof, before) != (before, root):
                raise Refused(422)
        except IndexError:
            raise Refused(422) from None


def handler(witness):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            status, kind = 200, "text/plain"
            try:
                if self.path != "/add-checkpoint":
                    raise Refused(404)
                body = witness.add(self.rfile.read(int(self.headers["content-length"])))
            except Refused as refused:
                status, body = refused.status, refused.body
                kind = "text/x.tlog.size" if status == 409 else kind
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


if __name__ == "__main__":
    one = Witness(sys.argv[1], sys.argv[2], sys.argv[3:])
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(one))
    url = f"http://127.0.0.1:{server.server_address[1]}"
    print(json.dumps({"url": url, "key": one.key}), flush=True)
    server.serve_forever()
