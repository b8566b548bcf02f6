"""A second verifier of audit logs, after the text of src/audit/README.md.

Whoever wrote it knew the program, too, so what both read wrongly in the text it does not find.

It shares nothing with the program: another language, the standard library only, Ed25519 in plain
numbers. Reads one question a line on standard input, {"dir", "key"?, "since"?, "witness"?}, and answers each with
one line: {"ok", "records", "vouched", "cosigned", "refused", "reason"}. "witness" lists verifier keys of witnesses
(c2sp.org/tlog-cosignature), each of which must have cosigned a checkpoint of the log; "refused" is how many
refusals by witnesses stand in it that nobody has accepted. The sections named are those of the text.
"""

import base64
import gzip
import hashlib
import json
import os
import re
import stat
import sys
import unicodedata
import zlib

MAX_INT = 2**53 - 1
MAX_LINE = 65_535
MAX_LEAVES = 67_108_864
WIDEST_HOLE = 10_000


class Fault(Exception):
    """The log is not intact."""


class Unusable(Exception):
    """What was handed in is no key or no checkpoint."""


# ---- Ed25519 (RFC 8032) ----------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P:
        return None
    return P - x if x & 1 != sign else x


def decompress(data):
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def cached(p):
    x, y, z, t = p
    return ((y - x) % P, (y + x) % P, 2 * D * t % P, 2 * z % P)


def add(p, q):
    x, y, z, t = p
    a = (y - x) * q[0] % P
    b = (y + x) * q[1] % P
    c = t * q[2] % P
    d = z * q[3] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


ZERO = (0, 1, 1, 0)


def comb(point):
    """Multiples 1 to 15 of 16^i times the point, for i from 0 to 63."""
    rows = []
    for _ in range(64):
        row = [None]
        step = cached(point)
        multiple = point
        for _ in range(15):
            row.append(cached(multiple))
            multiple = add(multiple, step)
        rows.append(row)
        point = multiple
    return rows


def times(rows, n, total=ZERO):
    for row in rows:
        digit = n & 15
        if digit:
            total = add(total, row[digit])
        n >>= 4
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = comb((recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P))
COMBS = {}
KNOWN = {}


def true_signature(public, message, signature):
    name = (public, message, signature)
    if name not in KNOWN:
        KNOWN[name] = check_signature(public, message, signature)
    return KNOWN[name]


def check_signature(public, message, signature):
    if len(signature) != 64:
        return False
    if public not in COMBS:
        point = decompress(public)
        # S*B - h*A, so the comb is of the opposite point.
        COMBS[public] = point and comb((P - point[0], point[1], 1, P - point[3]))
    rows = COMBS[public]
    s = int.from_bytes(signature[32:], "little")
    if rows is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    h = int.from_bytes(digest, "little") % L
    x, y, z, _ = times(rows, h, times(BASE, s))
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# ---- Section 3: canonical JSON ---------------------------------------------------------------------

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")


def whole(text):
    n = int(text)
    if abs(n) > MAX_INT:
        raise ValueError("a number is too large")
    return n


def no_number(text):
    raise ValueError("not a whole number")


def in_order(pairs):
    names = [name for name, _ in pairs]
    if any(not NAME.match(name) for name in names):
        raise ValueError("a name is not plain")
    if any(a >= b for a, b in zip(names, names[1:])):
        raise ValueError("names are not in order")
    return dict(pairs)


READ = json.JSONDecoder(
    object_pairs_hook=in_order, parse_int=whole, parse_float=no_number, parse_constant=no_number
)


def depth(value):
    """Of objects and lists, without recursion."""
    deepest, todo = 0, [(value, 1)]
    while todo:
        one, level = todo.pop()
        if isinstance(one, (dict, list)):
            deepest = max(deepest, level)
            todo.extend((v, level + 1) for v in (one.values() if isinstance(one, dict) else one))
    return deepest


def parse_line(line, longest=MAX_LINE):
    """The object that a line is the canonical form of, or Fault."""
    if len(line) > longest:
        raise Fault("a line is too long")
    try:
        text = line.decode("utf-8")
        value, end = READ.raw_decode(text)
        if end != len(text) or not isinstance(value, dict) or depth(value) > 32:
            raise ValueError("not one object, or nested too deep")
        if json.dumps(value, ensure_ascii=False, separators=(",", ":")) != text:
            raise ValueError("not the canonical form")
        return value
    except (ValueError, RecursionError) as error:
        raise Fault(f"a line is not canonical: {error}") from None


# ---- Section 4: hashes, keys, notes, checkpoints ---------------------------------------------------


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(line):
    return sha256(b"\0" + line)


class Tree:
    """The frontier: roots of the complete subtrees, the largest first."""

    def __init__(self, size=0, hashes=()):
        self.size, self.hashes = size, list(hashes)

    def copy(self):
        return Tree(self.size, self.hashes)

    def append(self, leaf):
        n = self.size
        while n & 1:
            leaf = sha256(b"\1" + self.hashes.pop() + leaf)
            n >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self):
        if not self.hashes:
            return sha256(b"")
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = sha256(b"\1" + left + root)
        return root


def b64(text):
    """Bytes of base64 in its one form; None when it is not that."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, AttributeError):
        return None
    return data if base64.b64encode(data).decode() == text else None


class Key:
    def __init__(self, text, kind=1):
        parts = re.match(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)\Z", text) if isinstance(text, str) else None
        raw = b64(parts[3]) if parts else None
        if raw is None or len(raw) != 33 or raw[0] != kind:
            raise Fault("not a verifier key")
        self.text, self.name, self.public = text, parts[1], raw[1:]
        self.id = sha256(self.name.encode() + b"\n" + raw)[:4]
        if self.id.hex() != parts[2]:
            raise Fault("the hash of a verifier key does not fit")

    def named(self, note):
        return [s[2] for s in note.signatures if (s[0], s[1]) == (self.name, self.id)]

    def cosigned(self, note):
        """Whether the note carries true cosignatures of this witness, and only such of it."""
        own = self.named(note)
        for data in own:
            time = int.from_bytes(data[:8], "big")
            message = f"cosignature/v1\ntime {time}\n".encode() + note.message
            if len(data) != 72 or not 0 < time <= MAX_INT or not true_signature(self.public, message, data[8:]):
                return False
        return bool(own)

    def signed(self, note, name_id_bytes):
        name, id_, signature = name_id_bytes
        return name == self.name and id_ == self.id and true_signature(self.public, note.message, signature)


class Checkpoint:
    """A signed note of three lines; with `more`, lines may follow them."""

    def __init__(self, note, more=False):
        if not isinstance(note, str):
            raise Fault("a checkpoint is a text")
        if any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in note):
            raise Fault("a note has no control characters")
        text, gap, rest = note.rpartition("\n\n")
        lines = rest.split("\n")
        if not gap or lines.pop() != "" or not 1 <= len(lines) <= 32:
            raise Fault("not a signed note")
        self.note, self.message = note, (text + "\n").encode()
        self.signatures = []
        for line in lines:
            parts = re.match(r"— (\S+) ([A-Za-z0-9+/=]+)\Z", line)
            raw = b64(parts[2]) if parts else None
            if raw is None or len(raw) < 5 or "+" in parts[1]:
                raise Fault("a signature line is broken")
            self.signatures.append((parts[1], raw[:4], raw[4:]))
        fields = text.split("\n")
        if len(fields) < 3 or (len(fields) > 3 and not more) or "" in fields[3:] or fields[0] == "" or not re.match(r"(0|[1-9][0-9]*)\Z", fields[1]):
            raise Fault("a checkpoint has three lines")
        self.origin, self.size, self.root = fields[0], int(fields[1]), b64(fields[2])
        if self.size > MAX_INT or self.root is None or len(self.root) != 32:
            raise Fault("a checkpoint has a size and a root")


def check_checkpoint(note, log, tree, keys):
    """Section 4: of exactly this tree, signed by exactly these keys in this order."""
    c = Checkpoint(note)
    if c.origin != f"wandbridge/{log}" or c.size != tree.size or c.root != tree.root():
        raise Fault("a checkpoint is not of these records")
    if len(c.signatures) != len(keys):
        raise Fault("a checkpoint has a signature too many or too few")
    if not all(key.signed(c, signature) for key, signature in zip(keys, c.signatures)):
        raise Fault("a checkpoint is not signed by the key in force")


# ---- Section 5: one segment ------------------------------------------------------------------------


class Mark:
    """One end of a commit."""

    def __init__(self, tree, offset, key, note):
        self.tree, self.offset, self.key, self.note = tree.copy(), offset, key, note
        self.size = tree.size


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class Segment:
    """What is good of a segment's bytes, up to the first fault."""

    def __init__(self, data, log, number):
        self.log, self.number = log, number
        self.header = self.fault = self.voids = self.first_note = None
        self.marks, self.leaves, self.heard = [], [], []
        self.keys, self.earlier = [], False
        try:
            self.read(data)
        except Fault as fault:
            self.fault = str(fault)

    def read(self, data):
        at = 0
        tree = pending = None
        rotation = opening = None
        heard = []
        while at < len(data):
            end = data.find(b"\n", at)
            if end < 0:
                raise Fault("the last line is not whole")
            line, start, at = data[at:end], at, end + 1
            if tree is None:
                tree = self.read_header(line)
                self.marks.append(Mark(tree, at, self.key, None))
                pending = 0
            elif line.startswith(b'{"checkpoint":'):
                value = parse_line(line)
                if list(value) != ["checkpoint"] or not pending:
                    raise Fault("not a commit, or of no record")
                keys = [self.marks[-1].key] + ([rotation] if rotation else [])
                check_checkpoint(value["checkpoint"], self.log, tree, keys)
                self.marks.append(Mark(tree, at, keys[-1], value["checkpoint"]))
                if rotation:
                    self.keys.append(rotation)
                self.heard += heard
                if self.first_note is None:
                    self.first_note = value["checkpoint"]
                if self.voids is None:
                    self.voids = opening
                heard, pending, rotation = [], 0, None
            else:
                value = parse_line(line)
                kind = value.get("kind")
                if value.get("seq") != tree.size or isinstance(value.get("seq"), bool):
                    raise Fault("a record is not at its position")
                if value.get("v") != 1 or isinstance(value["v"], bool) or not isinstance(kind, str):
                    raise Fault("a record is not of version 1, or has no kind")
                if value.get("source") != self.log.split("-")[0]:
                    raise Fault("a record is of another source")
                body = value.get("body")
                if kind == "key-rotation":
                    if rotation or not isinstance(body, dict):
                        raise Fault("two changes of key in one commit")
                    rotation = Key(body.get("to"))
                    if body.get("from") != self.marks[-1].key.text or rotation.name != self.key.name \
                            or body.get("to") == body.get("from"):
                        raise Fault("a change of key that is none")
                if kind == "segment":
                    commits = len(self.marks) - 1
                    n = body.get("number") if isinstance(body, dict) else None
                    if not is_count(n):
                        raise Fault("a segment record without number")
                    if n == self.number and not pending and commits < 2 and opening is None:
                        opening = self.check_voids(body.get("voids"))
                    elif n < self.number and commits == 0:
                        self.check_voids(body.get("voids"))
                        self.earlier = True
                    else:
                        raise Fault("a segment begins inside a segment")
                if kind in ("packed", "retention", "segment", "witness", "accept"):
                    heard.append((kind, body, tree.size))
                leaf = leaf_hash(line)
                tree.append(leaf)
                self.leaves.append(leaf)
                pending += 1
        if tree is None or pending:
            raise Fault("the segment does not end with a commit")

    def check_voids(self, voids):
        if not isinstance(voids, list):
            raise Fault("no list of what was set aside")
        for one in voids:
            if not isinstance(one, dict) or not isinstance(one.get("sha256"), str):
                raise Fault("not a range that was set aside")
            if not all(is_count(one.get(name)) for name in ("segment", "offset", "bytes")):
                raise Fault("not a range that was set aside")
        return voids

    def read_header(self, line):
        value = parse_line(line)
        if list(value) != ["checkpoint", "format", "frontier", "key", "log", "segment"]:
            raise Fault("not a header")
        if value["format"] != "wandbridge-audit/1" or value["log"] != self.log:
            raise Fault("the header of something else")
        if value["segment"] != self.number or isinstance(value["segment"], bool):
            raise Fault("the header of another segment")
        self.key = Key(value["key"])
        if self.key.name != f"wandbridge/{self.log}" or not isinstance(value["frontier"], list):
            raise Fault("the key of another log, or no frontier")
        hashes = [b64(text) for text in value["frontier"]]
        size = Checkpoint(value["checkpoint"]).size
        if any(h is None or len(h) != 32 for h in hashes) or bin(size).count("1") != len(hashes):
            raise Fault("the frontier does not fit the size")
        tree = Tree(size, hashes)
        check_checkpoint(value["checkpoint"], self.log, tree, [self.key])
        self.header = tree.copy()
        return tree


# ---- Sections 2, 6 and 10: the log -----------------------------------------------------------------


class Log:
    def __init__(self, path):
        self.path, self.log = path, os.path.basename(path)
        self.tree, self.key = Tree(), None
        self.chain, self.dropped_before = [], 0
        self.roots = {}
        self.stand = None
        self.suspect = None
        self.unopened = []
        self.holes = []
        self.packed_here, self.packed_said = {}, {}
        self.retention, self.key_changes = (0, 0), None
        self.leaf_end = None
        self.refused, self.end = set(), 0

    def read(self, name):
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()

    def files(self):
        """Section 2: numbers of the log, and what is there of each."""
        found = {}
        for name in os.listdir(self.path):
            parts = re.match(r"([0-9]{8})\.(jsonl|jsonl\.gz|leaves)\Z", name)
            if parts and int(parts[1]) and stat.S_ISREG(os.lstat(os.path.join(self.path, name)).st_mode):
                found.setdefault(int(parts[1]), set()).add(parts[2])
        highest = 0
        while highest + 1 in found:
            highest += 1
        for number in sorted(found, reverse=True):
            if number <= highest:
                break
            if number <= highest + WIDEST_HOLE and "jsonl" in found[number] and self.claims(number):
                highest = number
        return [(n, found.get(n, set())) for n in range(1, highest + 1)]

    def claims(self, number):
        line, newline, _ = self.read(f"{number:08}.jsonl").partition(b"\n")
        try:
            Segment.read_header(Segment(b"", self.log, number), line)
        except Fault:
            return False
        return newline != b""

    def entries(self, number, kinds):
        name = f"{number:08}.jsonl"
        if "jsonl" in kinds:
            return self.read(name)
        data = self.read(name + ".gz")
        self.packed_here[number] = (len(data), sha256(data).hex())
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            raise Fault("a packed segment cannot be unpacked") from None

    def leaves(self, number):
        data = self.read(f"{number:08}.leaves")
        if len(data) > MAX_LEAVES or len(data) % 32:
            raise Fault("the leaf hashes are not whole")
        return [data[i : i + 32] for i in range(0, len(data), 32)]

    def verify(self, sizes):
        files = self.files()
        if not files:
            raise Fault("no log is here")
        for number, kinds in files:
            if kinds & {"jsonl", "jsonl.gz"}:
                self.segment(number, kinds, sizes)
            elif "leaves" in kinds:
                self.hashes_only(number, sizes)
            else:
                self.suspect = self.suspect or "a segment is missing"
                self.unopened.append((number, None))
        self.finish(files)

    def hashes_only(self, number, sizes):
        if all(data is None for _, data in self.unopened):
            self.holes += [(gone, self.tree.size, 0) for gone, _ in self.unopened]
            self.unopened = []
            if not self.stand or not self.stand[1].fault:
                self.suspect = None
        if self.suspect:
            raise Fault(self.suspect)
        if self.leaf_end not in (None, self.tree.size):
            before = self.stand[1].marks[-2] if self.stand else None
            if before is None or before.size != self.leaf_end:
                raise Fault("leaf hashes do not end where their segment does")
            self.tree = before.tree.copy()
        self.leaf_end = None
        position = self.tree.size
        for leaf in self.leaves(number):
            self.tree.append(leaf)
            if self.tree.size in sizes:
                self.roots[self.tree.size] = self.tree.root()
        self.holes.append((number, position, self.tree.size - position))
        self.stand = None

    def segment(self, number, kinds, sizes):
        data = self.entries(number, kinds)
        leaves = self.leaves(number) if "leaves" in kinds else None
        s = Segment(data, self.log, number)
        if s.voids is None:
            self.suspect = self.suspect or s.fault or "a segment was never opened"
            self.unopened.append((number, data))
            return
        begin = s.header.size
        again = False
        if self.stand:
            before, after = self.stand[1].marks[-2:]
            again = begin == before.size != after.size
            at = before if again else after
            if again and s.first_note != after.note:
                raise Fault("the last commit was not written again as it was")
            if not again and s.earlier:
                raise Fault("a commit was written again that is not the last")
            if s.key.text != at.key.text:
                raise Fault("a segment under another key")
            expected = at.tree
        else:
            expected = self.tree
        if begin != expected.size or s.header.root() != expected.root():
            raise Fault(self.suspect or "a segment does not begin where the log stands")
        self.check_void_file(s, number, again)
        if self.leaf_end not in (None, begin):
            raise Fault("leaf hashes do not end where their segment does")
        self.extend_chain(s, begin)
        self.leaf_end = None
        counted = s.leaves[: s.marks[-1].size - begin]
        if leaves is not None:
            if any(a != b for a, b in zip(leaves, s.leaves)):
                raise Fault("a leaf hash differs from its record")
            self.leaf_end = begin + len(leaves)
        tree = s.header.copy()
        for leaf in counted if any(begin < size <= s.marks[-1].size for size in sizes) else ():
            tree.append(leaf)
            if tree.size in sizes:
                self.roots[tree.size] = tree.root()
        for kind, body, position in s.heard:
            if not isinstance(body, dict) or position < self.end:
                continue
            if kind == "witness":
                self.refuse(body.get("problem"), body.get("name"))
            elif kind == "accept":
                if body.get("log") == self.log:
                    self.refused = set()
            elif kind == "segment":
                for one in body.get("unaccepted") if isinstance(body.get("unaccepted"), list) else []:
                    if isinstance(one, dict) and one.get("log") == self.log and isinstance(one.get("args"), dict):
                        self.refuse(one.get("code"), one["args"].get("name"))
            elif kind == "packed":
                self.packed_said[body.get("segment")] = (body.get("bytes"), body.get("sha256"))
            elif is_count(body.get("through")) and is_count(body.get("position")):
                if body["through"] >= self.retention[0]:
                    self.retention = (body["through"], body["position"])
                    self.key_changes = body.get("keyChanges")
        self.tree, self.key = s.marks[-1].tree.copy(), s.marks[-1].key
        self.end = self.tree.size
        self.stand = (number, s, data)
        self.suspect = s.fault
        self.unopened = []

    def refuse(self, problem, name):
        """Section 12: a witness has seen another log of this name."""
        if problem in ("fork", "ahead") and isinstance(name, str):
            self.refused.add((problem, name))

    def extend_chain(self, s, begin):
        """Section 7."""
        if not self.stand and begin > 0 and not (self.chain and self.chain[-1].text == s.key.text):
            self.chain, self.dropped_before = [], begin
        self.chain += [s.key, *s.keys]

    def carry_chain(self, files):
        """Section 7: changes of key that the retention record proves."""
        changes = []
        for text in self.key_changes if isinstance(self.key_changes, list) else []:
            try:
                changes.append(key_change(text, f"wandbridge/{self.log}"))
            except Fault:
                pass
        sizes = {checkpoint.size for _, _, checkpoint in changes}
        tree, roots = Tree(), {}
        for number, kinds in files if sizes else []:
            for leaf in self.leaves(number) if "leaves" in kinds else []:
                tree.append(leaf)
                if tree.size in sizes:
                    roots[tree.size] = tree.root()
        for old, new, checkpoint in reversed(changes):
            if roots.get(checkpoint.size) == checkpoint.root and any(k.text == new.text for k in self.chain):
                self.chain.insert(0, old)

    def check_void_file(self, s, number, again):
        """Section 6: what was set aside."""
        places = {}
        if self.stand:
            old, segment, data = self.stand
            offset = segment.marks[-2 if again else -1].offset
            places[old, offset] = data[offset:]
        for unopened, data in self.unopened:
            places[unopened, 0] = data
        copy, at = b"", 0
        dropped = {hole for hole, _, _ in self.holes}
        gone = False
        if s.voids:
            name = f"{number:08}.void"
            path = os.path.join(self.path, name)
            gone = not os.path.lexists(path) and all(v["segment"] in dropped for v in s.voids)
            if not gone and (not os.path.isfile(path) or os.path.islink(path)):
                raise Fault("what was set aside is missing")
            copy = b"" if gone else self.read(name)
            if not gone and len(copy) != sum(v["bytes"] for v in s.voids):
                raise Fault("what was set aside has another length")
        copies = {}
        for v in s.voids:
            part = copy[at : at + v["bytes"]]
            at += v["bytes"]
            if not gone and hashlib.sha256(part).hexdigest() != v["sha256"]:
                raise Fault("what was set aside is something else")
            place = (v["segment"], v["offset"])
            if place not in places and v["segment"] not in dropped:
                raise Fault("something was set aside that may not be")
            copies.setdefault(place, part)
        for place, left in places.items():
            if place[1] == 0 and place not in copies:
                raise Fault(self.suspect or "a segment was never opened")
            if left is not None and not copies.get(place, b"").startswith(left):
                raise Fault(self.suspect or "bytes behind an end that were not set aside")

    def finish(self, files):
        if self.suspect:
            raise Fault(self.suspect)
        if not self.stand or "leaves" in files[-1][1]:
            raise Fault("the last segment is missing")
        for number, position, records in self.holes:
            through, end = self.retention
            if number > through or (number == through and position + records != end):
                raise Fault("a segment is missing, and no record says that it was dropped")
        for number, here in self.packed_here.items():
            if self.packed_said.get(number) != here:
                raise Fault("a packed file is not the one that was recorded")
        self.carry_chain(files)


def key_change(text, name):
    """Sections 7 and 9: a tlog-proof of a record that both keys signed for; its keys and its checkpoint."""
    head, gap, note = text.partition("\n\n") if isinstance(text, str) else ("", "", "")
    lines = head.split("\n")
    if not gap or len(lines) < 3 or lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("extra "):
        raise Fault("not a proof with its record")
    record = b64(lines[1][6:])
    number = re.match(r"index (0|[1-9][0-9]{0,15})\Z", lines[2])
    path = [b64(line) for line in lines[3:]]
    if record is None or not number or any(h is None or len(h) != 32 for h in path):
        raise Fault("not a proof")
    index, value, checkpoint = int(number[1]), parse_line(record), Checkpoint(note)
    body = value.get("body")
    if value.get("kind") != "key-rotation" or not isinstance(body, dict) or value.get("seq") != index:
        raise Fault("the proof of another record")
    old, new = Key(body.get("from")), Key(body.get("to"))
    if not name == old.name == new.name == checkpoint.origin or old.text == new.text:
        raise Fault("keys of another log")
    for key in (old, new):
        own = [s for s in checkpoint.signatures if (s[0], s[1]) == (key.name, key.id)]
        if not own or not all(key.signed(checkpoint, s) for s in own):
            raise Fault("a change of key that one of them did not sign")
    if root_over(leaf_hash(record), index, checkpoint.size, path) != checkpoint.root:
        raise Fault("the record is not under that checkpoint")
    return old, new, checkpoint


def root_over(node, index, size, path):
    """RFC 9162 section 2.1.3.2; None when the path does not fit."""
    if index >= size:
        return None
    at, last = index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            node = sha256(b"\1" + sibling + node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + sibling)
        at, last = at >> 1, last >> 1
    return node if last == 0 else None


def answer(question):
    """Section 10.5: what is vouched for by what was kept elsewhere."""
    try:
        key = Key(question["key"].strip()) if "key" in question else None
        since = Checkpoint(question["since"].rstrip() + "\n") if "since" in question else None
        witnesses = [Key(text.strip(), kind=4) for text in question.get("witness", [])]
    except Fault as fault:
        return {"ok": False, "records": 0, "vouched": 0, "cosigned": None, "refused": 0, "reason": f"unusable: {fault}"}
    log = Log(question["dir"])
    cosigned = [[c for c in [*kept_notes(log), *([since] if since else [])]
                 if c.origin == f"wandbridge/{log.log}" and w.cosigned(c)] for w in witnesses]
    said = {"ok": False, "vouched": 0, "cosigned": None, "reason": None}
    try:
        log.verify({c.size for c in [since, *(c for own in cosigned for c in own)] if c is not None})
        said["vouched"] = outside(log, key, since, witnesses)
        said["cosigned"] = witnessed(log, cosigned)
        said["ok"] = True
    except Fault as fault:
        said.update(vouched=0, reason=str(fault))
    return {**said, "records": log.tree.size, "refused": len(log.refused)}


def kept_notes(log):
    """Section 12: the checkpoints in the file beside the log."""
    try:
        path = log.path + ".witnesses"
        if os.path.getsize(path) > 1 << 20 or not stat.S_ISREG(os.lstat(path).st_mode):
            return []
        with open(path, "rb") as file:
            line, end, rest = file.read().partition(b"\n")
        kept = parse_line(line, 1 << 20)
    except (OSError, Fault):
        return []
    notes = kept.get("notes")
    if not end or rest or list(kept) != ["format", "notes"] or kept["format"] != "wandbridge-witnesses/1":
        return []
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        return []
    found = []
    for note in notes:
        try:
            found.append(Checkpoint(note, more=True))
        except Fault:
            pass
    return found


def witnessed(log, cosigned):
    """How many records all of the witnesses have cosigned; None when none was asked for."""
    for own in cosigned:
        if not own:
            raise Fault("nothing that a witness has cosigned of this log is here")
        for one in own:
            root = log.roots.get(one.size) if one.size else sha256(b"")
            if one.size > log.tree.size or root != one.root:
                raise Fault("a witness has cosigned another log")
    return min((max(one.size for one in own) for own in cosigned), default=None)


def outside(log, key, since, witnesses):
    origin = f"wandbridge/{log.log}"
    in_chain = key is not None and any(k.text == key.text for k in log.chain)
    signer = None
    if since is not None:
        if since.origin != origin:
            raise Fault("the checkpoint is of another log")
        for one in ([key] if key else []) + log.chain:
            own = [s for s in since.signatures if (s[0], s[1]) == (one.name, one.id)]
            if not all(one.signed(since, s) for s in own):
                raise Fault("a signature of the checkpoint is false")
            if own and signer is None:
                signer = one
        named = [w for w in witnesses if w.named(since)]
        if not all(w.cosigned(since) for w in named):
            raise Fault("a cosignature of the checkpoint is false")
        if signer is None and not named:
            raise Fault("no known key signed the checkpoint")
        root = log.roots.get(since.size) if since.size else sha256(b"")
        if since.size > log.tree.size or root != since.root:
            raise Fault("the records are not those of the checkpoint")
    if key is not None and not in_chain:
        before = since is not None and since.size <= log.dropped_before
        if key.name != origin or not before or signer is None or signer.text != key.text:
            raise Fault("the log is signed with another key")
    return max(log.tree.size if in_chain else 0, since.size if since else 0)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
