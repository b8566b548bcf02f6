#!/usr/bin/env python3
"""The open wand protocol, read by somebody who has only its page.

    independent_decoder.py README.md vectors/

Takes every struct, code and number from the tables of README.md, follows its sentences for frames
and streams, and checks every vector in both directions. It shares nothing with the code that made
them. Prints what differs and exits 1; else says how much it has checked.
"""
import json
import re
import sys
import zlib
from pathlib import Path

faults = []


# The page ------------------------------------------------------------------------------------------

def cells(line):
    parts = re.split(r'(?<!\\)\|', line.strip())[1:-1]
    return [part.strip().replace('\\|', '|') for part in parts]


def tables(lines):
    """Every table of the page: where it begins, and its rows without head and rule."""
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end].startswith('|'):
            end += 1
        if end - at > 2:
            yield at, cells(lines[at]), [cells(line) for line in lines[at + 2:end]]
        at = max(end, at + 1)


def field(row):
    at, name, kind, rng = int(row[0]), row[1].strip('`'), row[2], row[3]
    out = {'at': at, 'name': name, 'kind': kind}
    number = re.fullmatch(r'(u|code)(8|16|32)( full)?', kind)
    if number:
        out.update(kind=number[1], size=int(number[2]) // 8, full=bool(number[3]))
        if number[1] == 'u':
            out['min'], out['max'] = map(int, rng.split('–'))
        else:
            out['names'] = {int(n.split(' ')[0]): n for n in rng.split(', ')}
    elif kind == 'time':
        out.update(size=4, full=False)
    elif kind.startswith('text'):
        out.update(kind='text', size=int(kind[4:]), pattern=re.compile(rng.strip('`').strip('^').rstrip('$')))
    elif kind.startswith('list of '):
        out.update(kind='list', item=kind[8:], size=4, most=int(re.search(r'\d+', rng)[0]))
    elif kind == 'rest':
        out['size'] = 0
    else:
        raise ValueError(f'a type that the page does not explain: {kind}')
    return out


class Page:
    def __init__(self, path):
        lines = Path(path).read_text(encoding='utf-8').splitlines()
        self.structs, self.types, self.codes, self.descriptor = {}, {}, {}, b''
        self.needs_session = set()
        for line in lines:
            empty = re.fullmatch(r'\*\*(.+ request)\*\*: no payload\.', line)
            if empty:
                self.structs[empty[1]] = {'size': 0, 'fields': []}
        for at, head, rows in tables(lines):
            titled = re.match(r'\*\*(.+?)\*\* \((\d+) bytes', lines[at - 2])
            if head[:4] == ['at', 'field', 'type', 'range'] and titled:
                self.structs[titled[1]] = {'size': int(titled[2]), 'fields': [field(r) for r in rows]}
            elif head[:2] == ['type', 'message']:
                self.types = {int(r[0], 16): r[1] for r in rows}
                self.needs_session = {r[1] for r in rows if r[3] == 'yes'}
            elif head[:2] == ['code', 'name']:
                self.codes = {r[1]: int(r[0]) for r in rows}
            elif head == ['bytes', 'item']:
                self.descriptor = bytes.fromhex(''.join(r[0].strip('`') for r in rows))
        for name, s in self.structs.items():
            at = 0
            for f in s['fields']:
                if f['at'] != at:
                    faults.append(f'the page: {name}.{f["name"]} stands at {f["at"]}, not {at}')
                at += f['size']
            if at != s['size']:
                faults.append(f'the page: {name} has {at} bytes, not {s["size"]}')


# §3 ------------------------------------------------------------------------------------------------

def read(page, name, data):
    """The value of a struct, or None when it is malformed."""
    s = page.structs[name]
    if len(data) < s['size']:
        return None
    out = {}
    for f in s['fields']:
        raw = data[f['at']:f['at'] + f['size']]
        if f['kind'] == 'rest':
            out[f['name']] = data[f['at']:].hex()
        elif f['kind'] == 'text':
            out[f['name']] = raw.rstrip(b'\0').decode('latin-1') or None
        elif f['kind'] == 'list':
            items = read_list(page, f, raw, data, s['size'])
            if items is None:
                return None
            out[f['name']] = items
        else:
            n = int.from_bytes(raw, 'little')
            out[f['name']] = None if raw == b'\xff' * f['size'] and not f['full'] else n
    return out


def read_list(page, f, raw, data, fixed):
    count, stride, start = raw[0], raw[1], int.from_bytes(raw[2:], 'little')
    if count == 0:
        return []
    if stride < page.structs[f['item']]['size'] or start < fixed or start + count * stride > len(data):
        return None
    return [read(page, f['item'], data[start + i * stride:start + (i + 1) * stride]) for i in range(count)]


def write(page, name, value):
    s = page.structs[name]
    head, tail = b'', b''
    for f in s['fields']:
        given = value[f['name']]
        if f['kind'] == 'rest':
            tail += bytes.fromhex(given)
        elif f['kind'] == 'text':
            head += (given or '').encode('latin-1').ljust(f['size'], b'\0')
        elif f['kind'] == 'list':
            size = page.structs[f['item']]['size']
            if len(given) > f['most']:
                return None
            head += bytes([len(given), size]) + (s['size'] + len(tail)).to_bytes(2, 'little')
            tail += b''.join(write(page, f['item'], item) for item in given)
        else:
            head += b'\xff' * f['size'] if given is None else given.to_bytes(f['size'], 'little')
    return head + tail


def judge(page, name, value, path=''):
    """What is not `ok`, and codes without a name."""
    judged, unknown = {}, {}
    for f in page.structs[name]['fields']:
        at, given = path + f['name'], value[f['name']]
        if f['kind'] == 'list':
            for i, item in enumerate(given):
                more = judge(page, f['item'], item, f'{at}[{i}].')
                judged.update(more[0])
                unknown.update(more[1])
        elif f['kind'] == 'rest':
            continue
        elif given is None:
            judged[at] = 'unavailable'
        elif f['kind'] == 'text' and not f['pattern'].fullmatch(given):
            judged[at] = 'invalid'
        elif f['kind'] == 'u' and not f['min'] <= given <= f['max']:
            judged[at] = 'invalid'
        elif f['kind'] == 'code' and given not in f['names']:
            unknown[at] = f'unknown({given})'
    return judged, unknown


# §4 ------------------------------------------------------------------------------------------------

HEADER = [('major', 0, 1), ('type', 1, 1), ('flags', 2, 1), ('code', 3, 1), ('seq', 4, 2),
          ('length', 6, 2), ('link', 8, 4), ('session', 12, 4)]


def pdu_fault(data):
    if not 20 <= len(data) <= 252 or int.from_bytes(data[6:8], 'little') != len(data) - 20:
        return 'truncated'
    if zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], 'little'):
        return 'checksum'
    return None if data[0] == 1 else 'version'


def header(data):
    return {name: int.from_bytes(data[at:at + size], 'little') for name, at, size in HEADER}


def make_pdu(head, payload):
    data = b''.join(head[name].to_bytes(size, 'little') for name, _, size in HEADER) + payload
    return data + zlib.crc32(data).to_bytes(4, 'little')


# §5 ------------------------------------------------------------------------------------------------

def line_pdu(line):
    """The PDU of a line, or its fault."""
    if line[:1] != b':':
        return 'noise'
    digits = line[1:-2]
    if line[-2:] != b'\r\n' or len(digits) % 2 or len(digits) < 40:
        return 'truncated'
    if len(digits) > 504:
        return 'too-long'
    if any(c not in b'0123456789ABCDEF' for c in digits):
        return 'noise'
    data = bytes.fromhex(digits.decode('ascii'))
    return pdu_fault(data) or data


def make_line(data):
    return b':' + data.hex().upper().encode('ascii') + b'\r\n'


class Outcome(list):
    def refuse(self, count, fault):
        if count and self and self[-1].get('fault') == fault:
            self[-1]['refused'] += count
            self[-1]['times'] = self[-1].get('times', 1) + 1
        elif count:
            self.append({'refused': count, 'fault': fault})

    def take(self, result, count):
        if isinstance(result, str):
            self.refuse(count, result)
        else:
            self.append({'pdu': result.hex()})


def line_stream(data):
    out, held, over = Outcome(), b'', False

    def refuse():
        out.refuse(len(held), 'too-long' if over else 'truncated' if held[:1] == b':' else 'noise')

    for byte in data:
        if byte == 0x3a:
            refuse()
            held, over = b'', False
        elif len(held) == 512:
            out.refuse(512, 'too-long')
            held, over = b'', True
        held += bytes([byte])
        if byte == 0x0a:
            if held[:1] == b':' and not over:
                out.take(line_pdu(held), len(held))
            else:
                refuse()
            held, over = b'', False
    refuse()
    return out


# §6 ------------------------------------------------------------------------------------------------

def well_formed(r):
    index, count, used = r[1] >> 4, r[1] & 15, r[2]
    if not 1 <= count <= 5 or index >= count or not 1 <= used <= 60:
        return False
    return (used == 60 or index == count - 1) and not any(r[4 + used:])


def report_stream(reports):
    out, held, newest, recent = Outcome(), [], None, {}
    for r in reports:
        if len(r) < 64:
            out.refuse(len(r), 'truncated')
            continue
        if not well_formed(r):
            out.refuse(64, 'noise')
            continue
        if recent.get(r[0] & 15) == r:
            out.refuse(64, 'repeated')
            continue
        recent[r[0] & 15] = r
        goes_on = (newest is not None and r[0] == (newest + 1) % 256 and bool(held)
                   and r[1] >> 4 == len(held) and r[3] == held[0][3] and r[1] & 15 == held[0][1] & 15)
        newest = r[0]
        if not goes_on:
            out.refuse(64 * len(held), 'out-of-sequence')
            held = []
        if not goes_on and r[1] >> 4:
            out.refuse(64, 'out-of-sequence')
            continue
        held.append(r)
        if len(held) == r[1] & 15:
            data = b''.join(h[4:4 + h[2]] for h in held)
            out.take(pdu_fault(data) or data, 64 * len(held))
            held = []
    out.refuse(64 * len(held), 'truncated')
    return out


def make_reports(data, counter, tag):
    parts = [data[i:i + 60] for i in range(0, len(data), 60)]
    return [bytes([(counter + i) % 256, i << 4 | len(parts), len(p), tag]) + p.ljust(60, b'\0')
            for i, p in enumerate(parts)]


# §9.2 ----------------------------------------------------------------------------------------------

def answer(page, data):
    """What a wand answers whose path has LINK, with no session open and nothing remembered."""
    fault = pdu_fault(data)
    head = header(data)
    if fault not in (None, 'version') or head['flags'] & 1:
        return None
    if fault == 'version':
        return 'VERSION'
    if 0x40 <= head['type'] <= 0x7f:
        return 'REFUSED'
    if head['code'] or not head['link']:
        return 'BAD_REQUEST'
    name = page.types.get(head['type'])
    if name is None:
        return 'UNKNOWN_TYPE'
    if head['link'] != LINK and name != 'HELLO':
        return 'WRONG_LINK'
    value = read(page, f'{name} request', data[16:-4])
    names = {f['name']: f for f in page.structs['Snapshot entry']['fields']}['block']['names']
    if value is None or value.get('block', 1) not in names:
        return 'BAD_REQUEST'
    return 'NO_SESSION' if name in page.needs_session else 'OK'


LINK = 0x1d7a93c5


# §9.6, §10.3 ---------------------------------------------------------------------------------------

def put_together(page, lines):
    """The blocks of a reading by their number, or why there are none."""
    directory, got, opened = None, {}, None
    for line in lines:
        data = line_pdu(line.encode('latin-1'))
        if isinstance(data, str):
            return data
        head, payload = header(data), data[16:-4]
        if not head['flags'] & 1 or head['code'] != page.codes['OK']:
            continue
        name = page.types[head['type']]
        value = read(page, f'{name} reply', payload)
        if name == 'OPEN':
            opened = value['pumpSerial']
        elif name == 'SNAPSHOT':
            directory = value
        elif name == 'BLOCK' and value['offset'] == len(got.get(value['block'], b'')):
            got[value['block']] = got.get(value['block'], b'') + bytes.fromhex(value['data'])
    if directory is None:
        return 'no directory'
    whole = b''
    for entry in directory['blocks']:
        block = got.get(entry['block'], b'')
        if len(block) != entry['length']:
            return f'block {entry["block"]} has {len(block)} bytes'
        whole += block
    if zlib.crc32(whole) != directory['crc']:
        return 'crc'
    names = {f['name']: f for f in page.structs['Snapshot entry']['fields']}['block']['names']
    named = [entry['block'] for entry in directory['blocks']]
    blocks = {}
    for n, doc in names.items():
        name = doc.split(' ', 1)[1]
        whole = named.count(n) == 1 and read(page, name, got[n]) is not None
        blocks[name] = got[n] if whole else None
    who = blocks['identity'] and read(page, 'identity', blocks['identity'])['serial']
    return blocks if who in (None, opened) else 'another pump'


# The vectors ---------------------------------------------------------------------------------------

KEYS = {'name', 'line', 'pdu', 'fault', 'header', 'struct', 'bytes', 'value', 'judged', 'unknown',
        'canonical', 'readable', 'asked', 'answer', 'connections', 'reports', 'counter', 'tag', 'descriptor', 'conversation', 'blocks'}


def check(page, v):
    """Yields what was found beside what the vector says."""
    yield 'keys', set(v) - KEYS, set()
    data = bytes.fromhex(v['pdu']) if 'pdu' in v else None
    if 'line' in v:
        line = v['line'].encode('latin-1')
        found = line_pdu(line)
        yield 'the line', found if isinstance(found, str) else found.hex(), v.get('fault', v.get('pdu'))
        if data is not None and 'fault' not in v:
            yield 'the line written', make_line(data), line
    elif data is not None:
        yield 'fault', pdu_fault(data), v.get('fault')
    if 'readable' in v:
        yield 'readable', {k: header(data)[k] for k in ('major', 'link')}, v['readable']
    if 'asked' in v:
        yield 'answer', answer(page, bytes.fromhex(v['asked'])), v['answer']
    if 'header' in v:
        yield 'header', header(data), v['header']
        yield 'the PDU written', make_pdu(v['header'], data[16:-4]).hex(), v['pdu']
    if 'struct' in v:
        yield from check_struct(page, v, bytes.fromhex(v['bytes']) if 'bytes' in v else data[16:-4])
    for c in v.get('connections', []):
        found = (line_stream(bytes.fromhex(c['bytes'])) if 'bytes' in c
                 else report_stream([bytes.fromhex(r) for r in c['reports']]))
        yield 'outcome', list(found), c['outcome']
    if 'reports' in v:
        yield 'reports', [r.hex() for r in make_reports(data, v['counter'], v['tag'])], v['reports']
        yield 'the reports read', list(report_stream([bytes.fromhex(r) for r in v['reports']])), [{'pdu': v['pdu']}]
    if 'descriptor' in v:
        yield 'descriptor', page.descriptor.hex(), v['descriptor']
    if 'conversation' in v:
        found = put_together(page, v['conversation'])
        found = 'unusable' if isinstance(found, str) else {n: b and b.hex() for n, b in found.items()}
        yield 'blocks', found, v['blocks']


def check_struct(page, v, data):
    value = read(page, v['struct'], data)
    yield 'value', 'malformed' if value is None else value, v['value']
    if 'header' in v:
        side = 'reply' if v['header']['flags'] & 1 else 'request'
        name = 'HELLO' if v['header']['code'] == page.codes['VERSION'] else page.types.get(v['header']['type'])
        yield 'the struct of this type', v['struct'], f'{name} {side}'
    if value is None:
        return
    judged, unknown = judge(page, v['struct'], value)
    yield 'judged', judged, v.get('judged', {})
    yield 'unknown', unknown, v.get('unknown', {})
    yield 'the same bytes', write(page, v['struct'], v['value']) == data, v.get('canonical', True)


def main(readme, folder):
    page = Page(readme)
    seen, count, checks = set(), 0, 0
    files = sorted(Path(folder).glob('*.json'))
    for path in files:
        for v in json.loads(path.read_text(encoding='utf-8'))['vectors']:
            count += 1
            seen.add(v.get('struct'))
            made = 0
            try:
                for what, found, said in check(page, v):
                    made += 1
                    if found != said:
                        faults.append(f'{path.name}: {v["name"]}: {what}: found {found}, the vector says {said}')
            except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
                faults.append(f'{path.name}: {v["name"]}: {type(error).__name__}: {error}')
            if made < 2:
                faults.append(f'{path.name}: {v["name"]}: nothing to check')
            checks += made
    items = {f['item'] for s in page.structs.values() for f in s['fields'] if f['kind'] == 'list'}
    for name in sorted(set(page.structs) - items - seen):
        faults.append(f'no vector for {name}')
    for fault in faults[:40]:
        print(fault)
    print(f'{len(page.structs)} structs, {len(files)} files, {count} vectors, {checks} checks, {len(faults)} faults')
    return 1 if faults or count == 0 else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
