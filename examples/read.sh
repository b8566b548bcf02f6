#!/bin/sh
# Shows every pump, then its refills. Usage: WANDBRIDGE_TOKEN=… sh read.sh http://127.0.0.1:8420
set -eu
url=$1
get() { curl -sS --fail-with-body -H "Authorization: Bearer $WANDBRIDGE_TOKEN" "$url$1"; }

get /api/v1/pumps | python3 -c '
import json, sys
for p in json.load(sys.stdin)["pumps"]:
    v = p["reservoir"]["reportedVolume"]
    state = "live" if p["quality"] == "current" else "NOT LIVE (" + p["reason"] + ")"
    print(p["source"], p["pump"]["serial"], v["value"], v["unit"], state, "read", p["readAt"])
    print(p["pump"]["id"], file=sys.stderr)
' 2>"${TMPDIR:-/tmp}/pumps.$$"

while read -r id; do
  get "/api/v1/pumps/$id/refills" | python3 -c '
import json, sys
reply = json.load(sys.stdin)
for r in reply["refills"]:
    print("refill", reply["pump"]["serial"], r["filledAt"], r["filledVolume"]["value"], r["filledVolume"]["unit"])
'
done <"${TMPDIR:-/tmp}/pumps.$$"
rm -f "${TMPDIR:-/tmp}/pumps.$$"

# To follow what happens, as it happens:
#   curl -N -H "Authorization: Bearer $WANDBRIDGE_TOKEN" "$url/api/v1/events"
