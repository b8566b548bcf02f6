#!/bin/sh
# Shows every pump and its refills. Usage: WANDBRIDGE_TOKEN=… sh read.sh http://127.0.0.1:8420
# The requests are curl's; python3 only picks fields out of the JSON.
set -eu
get() { curl -sS --fail-with-body -H "Authorization: Bearer $WANDBRIDGE_TOKEN" "$url$1"; }
url=$1

pumps=$(get /api/v1/pumps)
printf '%s' "$pumps" | python3 -c '
import json, sys
for p in json.load(sys.stdin)["pumps"]:
    v = p["reservoir"]["reportedVolume"]
    number = "not available" if v["value"] is None else str(v["value"]) + " " + v["unit"]
    live = "live" if p["quality"] == "current" else "NOT LIVE (" + p["reason"] + ")"
    print(p["source"], p["pump"]["serial"] + ":", number + ",", live + ", read", p["readAt"])
'
for id in $(printf '%s' "$pumps" | python3 -c '
import json, sys
for p in json.load(sys.stdin)["pumps"]:
    print(p["pump"]["id"])
'); do
  refills=$(get "/api/v1/pumps/$id/refills")
  printf '%s' "$refills" | python3 -c '
import json, sys
reply = json.load(sys.stdin)
for r in reply["refills"]:
    v = r["filledVolume"]
    number = "not available" if v["value"] is None else str(v["value"]) + " " + v["unit"]
    print("refill of", reply["pump"]["serial"], "on", r["filledAt"] + ":", number)
'
done

# To follow what happens, as it happens:
#   curl -N -H "Authorization: Bearer $WANDBRIDGE_TOKEN" "$url/api/v1/events"
