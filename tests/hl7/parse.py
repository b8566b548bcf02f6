# Reads messages with Debian's python3-hl7: a JSON text a line in, what it found a line out.
import json
import sys

import hl7


def component(field, i):
    """Component i (from 0) of the first repetition, as text."""
    if len(field) == 0 or not isinstance(field[0], list) or len(field[0]) <= i:
        return str(field) if i == 0 else ""
    return str(field[0][i])


for line in sys.stdin:
    message = hl7.parse(json.loads(line))
    rows = []
    for obx in message.segments("OBX"):
        part = lambda f, c: component(obx[f], c) if len(obx) > f else ""
        rows.append(
            {
                "code": part(3, 0),
                "ref": part(3, 1),
                "system": part(3, 2),
                "level": part(4, 0),
                "type": part(2, 0),
                "value": message.unescape(part(5, 0)),
                "original": message.unescape(part(5, 8)),
                "unit": part(6, 0),
                "flag": part(8, 0),
                "status": part(11, 0),
            }
        )
    out = {
        "control": str(message.extract_field("MSH", 1, 10)),
        "trigger": str(message.extract_field("MSH", 1, 9, 1, 2)),
        "version": str(message.extract_field("MSH", 1, 12)),
        "rows": rows,
    }
    print(json.dumps(out), flush=True)
