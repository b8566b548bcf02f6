-- The open wand protocol for Wireshark: PDUs as `wandbridge capture export --pcapng` writes them, one a packet, of
-- the link type USER0, and of USER1 what was no PDU. It goes among the personal Lua plugins, or is given by name:
--   wireshark -X lua_script:wandbridge.lua FILE
--
-- The tables of the protocol are generated from its declarations; what is below them only walks them.

--[[ <!-- generated:tables -->

]]
local TYPES = { [1] = "HELLO", [2] = "PING", [3] = "WAND", [16] = "OPEN", [17] = "CLOSE", [18] = "INTERROGATE", [19] = "SNAPSHOT", [20] = "BLOCK", [21] = "LIVE" }
local FLAGS = { [1] = "REPLY", [2] = "SIMULATOR", [4] = "REPLAY" }
local CODES = { [0] = "OK", [1] = "PENDING", [2] = "BUSY", [3] = "NO_SESSION", [4] = "WRONG_LINK", [5] = "NO_IMPLANT", [6] = "AIR_FAILED", [7] = "SNAPSHOT_GONE", [8] = "CHANGED", [9] = "BAD_REQUEST", [10] = "UNKNOWN_TYPE", [11] = "REFUSED", [12] = "VERSION", [13] = "INTERNAL" }
local PIECE, MOST = 7, 232
local MESSAGES = {
  [1] = { name = "HELLO",
    request = { name = "HELLO request",
      { "minor", "uint", 1 },
    },
    reply = { name = "HELLO reply",
      { "minor", "uint", 1 },
      { "leaseMs", "uint", 2, "ms" },
      { "wandSerial", "text", 16 },
      { "wandModel", "text", 16 },
      { "firmware", "text", 16 },
      { "boot", "uint", 4 },
      { "lastSession", "uint", 4 },
      { "lastEnd", "code", 1, { [0] = "none", [1] = "closed", [2] = "closed-unconfirmed", [3] = "lease-expired", [4] = "wand-restarted", [5] = "still-open", [6] = "stuck" } },
    } },
  [2] = { name = "PING",
    request = { name = "empty",
    },
    reply = { name = "PING reply",
      { "session", "uint", 4 },
      { "sessionState", "code", 1, { [0] = "none", [1] = "opening", [2] = "open", [3] = "closing", [4] = "stuck" } },
      { "contactAgeMs", "uint", 2, "ms" },
      { "coupling", "uint", 1, "%" },
      { "position", "code", 1, { [0] = "no-implant", [1] = "good", [2] = "move-closer", [3] = "turn" } },
      { "operation", "code", 1, { [0] = "none", [1] = "open", [2] = "interrogate", [3] = "live", [4] = "close" } },
      { "progress", "uint", 1, "%" },
    } },
  [3] = { name = "WAND",
    request = { name = "empty",
    },
    reply = { name = "WAND reply",
      { "battery", "uint", 1, "%" },
      { "temperature", "uint", 1, "Cel" },
      { "uptimeS", "uint", 4, "s" },
      { "airSent", "uint", 4 },
      { "airLost", "uint", 4 },
      { "airCorrupt", "uint", 4 },
      { "airRetried", "uint", 4 },
      { "hostRefused", "uint", 4 },
    } },
  [16] = { name = "OPEN",
    request = { name = "empty",
    },
    reply = { name = "OPEN reply",
      { "pumpSerial", "text", 16 },
      { "pumpModel", "text", 16 },
      { "firmware", "text", 16 },
      { "stateCounter", "uint", 4 },
      { "deviceTime", "time", 4 },
    } },
  [17] = { name = "CLOSE",
    request = { name = "empty",
    },
    reply = { name = "CLOSE reply",
      { "result", "code", 1, { [0] = "unconfirmed", [1] = "confirmed" } },
    } },
  [18] = { name = "INTERROGATE",
    request = { name = "empty",
    },
    reply = { name = "INTERROGATE reply",
      { "snapshot", "uint", 4 },
    } },
  [19] = { name = "SNAPSHOT",
    request = { name = "SNAPSHOT request",
      { "snapshot", "uint", 4 },
    },
    reply = { name = "SNAPSHOT reply",
      { "snapshot", "uint", 4 },
      { "beganMs", "uint", 4, "ms" },
      { "endedMs", "uint", 4, "ms" },
      { "deviceTime", "time", 4 },
      { "counterBefore", "uint", 4 },
      { "counterAfter", "uint", 4 },
      { "crc", "uint", 4, nil, true },
      { "blocks", "list", 4, { name = "Snapshot entry",
        { "block", "code", 1, { [1] = "identity", [2] = "catheter", [3] = "status", [4] = "reservoir", [5] = "infusion", [6] = "drugs", [7] = "bolus", [8] = "alarms", [9] = "events", [10] = "battery", [11] = "clock" } },
        { "length", "uint", 2 },
      } },
    } },
  [20] = { name = "BLOCK",
    request = { name = "BLOCK request",
      { "snapshot", "uint", 4 },
      { "block", "code", 1, { [1] = "identity", [2] = "catheter", [3] = "status", [4] = "reservoir", [5] = "infusion", [6] = "drugs", [7] = "bolus", [8] = "alarms", [9] = "events", [10] = "battery", [11] = "clock" } },
      { "offset", "uint", 2 },
    },
    reply = { name = "BLOCK reply",
      { "snapshot", "uint", 4 },
      { "block", "code", 1, { [1] = "identity", [2] = "catheter", [3] = "status", [4] = "reservoir", [5] = "infusion", [6] = "drugs", [7] = "bolus", [8] = "alarms", [9] = "events", [10] = "battery", [11] = "clock" } },
      { "offset", "uint", 2 },
      { "data", "rest", 0 },
    } },
  [21] = { name = "LIVE",
    request = { name = "empty",
    },
    reply = { name = "LIVE reply",
      { "pumpSerial", "text", 16 },
      { "stateCounter", "uint", 4 },
      { "deviceTime", "time", 4 },
      { "reportedVolume", "uint", 4, "nL" },
      { "rate", "uint", 4, "nL/d" },
      { "activeAlarms", "uint", 1 },
    } },
}
local BLOCKS = {
  [1] = { name = "identity",
    { "serial", "text", 16 },
    { "model", "text", 16 },
    { "firmware", "text", 16 },
    { "implanted", "time", 4 },
  },
  [2] = { name = "catheter",
    { "model", "text", 16 },
    { "implanted", "time", 4 },
    { "length", "uint", 2, "mm" },
    { "volume", "uint", 4, "nL" },
  },
  [3] = { name = "status",
    { "state", "code", 1, { [0] = "running", [1] = "stopped", [2] = "stalled", [3] = "minimum-rate", [4] = "end-of-service", [5] = "valve-closed" } },
    { "stateSince", "time", 4 },
    { "stateCounter", "uint", 4 },
    { "programmedAt", "time", 4 },
    { "resets", "uint", 4 },
  },
  [4] = { name = "reservoir",
    { "reportedVolume", "uint", 4, "nL" },
    { "capacity", "uint", 4, "nL" },
    { "lowAlarmVolume", "uint", 4, "nL" },
    { "lowAlarmDate", "time", 4 },
    { "filledAt", "time", 4 },
    { "filledVolume", "uint", 4, "nL" },
  },
  [5] = { name = "infusion",
    { "mode", "code", 1, { [0] = "stopped", [1] = "simple-continuous", [2] = "flex", [3] = "single-bolus", [4] = "minimum-rate" } },
    { "rate", "uint", 4, "nL/d" },
    { "volume24h", "uint", 4, "nL" },
    { "bolusVolume", "uint", 4, "nL" },
    { "bolusRate", "uint", 4, "nL/d" },
    { "schedule", "list", 4, { name = "schedule step",
      { "start", "uint", 2, "min" },
      { "rate", "uint", 4, "nL/d" },
    } },
  },
  [6] = { name = "drugs",
    { "drugs", "list", 4, { name = "drug",
      { "name", "text", 24 },
      { "massUnit", "code", 1, { [1] = "mg", [2] = "mcg" } },
      { "concentration", "uint", 4, "ng/mL" },
      { "dose24h", "uint", 4, "ng/d" },
    } },
  },
  [7] = { name = "bolus",
    { "enabled", "code", 1, { [0] = "off", [1] = "on" } },
    { "volume", "uint", 4, "nL" },
    { "duration", "uint", 2, "s" },
    { "lockout", "uint", 2, "min" },
    { "maxPerDay", "uint", 1 },
    { "given24h", "uint", 1 },
    { "acceptedCount", "uint", 4 },
    { "deniedCount", "uint", 4 },
    { "lastAcceptedAt", "time", 4 },
  },
  [8] = { name = "alarms",
    { "alarms", "list", 4, { name = "alarm",
      { "id", "uint", 4 },
      { "code", "code", 2, { [1] = "low-reservoir", [2] = "empty-reservoir", [3] = "replacement-due", [4] = "end-of-service", [5] = "motor-stall", [6] = "stopped-over-48h", [7] = "memory-error", [8] = "critical-memory-error", [9] = "low-battery-reset" } },
      { "class", "code", 1, { [0] = "log-only", [1] = "non-critical", [2] = "critical" } },
      { "state", "code", 1, { [0] = "inactive", [1] = "active", [2] = "latched" } },
      { "occurredAt", "time", 4 },
      { "detectedAt", "time", 4 },
    } },
  },
  [9] = { name = "events",
    { "total", "uint", 4 },
    { "events", "list", 4, { name = "event",
      { "number", "uint", 4 },
      { "code", "code", 2, { [1] = "alarm-raised", [2] = "alarm-cleared", [3] = "stall-began", [4] = "stall-recovered", [5] = "programmed", [6] = "refill-programmed", [7] = "patient-bolus-accepted", [8] = "patient-bolus-denied", [9] = "single-bolus-began", [10] = "single-bolus-ended", [11] = "pump-stopped", [12] = "pump-started", [13] = "clock-reset", [14] = "pump-restarted", [15] = "telemetry-began", [16] = "telemetry-ended", [17] = "replacement-due", [18] = "end-of-service" } },
      { "occurredAt", "time", 4 },
      { "detectedAt", "time", 4 },
      { "argument", "uint", 4 },
    } },
  },
  [10] = { name = "battery",
    { "state", "code", 1, { [0] = "ok", [1] = "replacement-due", [2] = "end-of-service" } },
    { "voltage", "uint", 2, "mV" },
    { "remaining", "uint", 1, "%" },
    { "replacementDate", "time", 4 },
    { "serviceEndDate", "time", 4 },
    { "infusedTotal", "uint", 4, "uL" },
  },
  [11] = { name = "clock",
    { "deviceTime", "time", 4 },
    { "ageMs", "uint", 2, "ms" },
    { "resets", "uint", 4 },
  },
}
--[[

<!-- /generated --> ]]

local wand = Proto("wand", "Open wand protocol")
local HEADER, CHECK = 16, 4

local function snake(name)
  return (name:gsub("%s+", "_"):gsub("(%l)(%u)", "%1_%2"):lower())
end

-- Every field of every structure, by structure and name. A field is { name, kind, size, more }, where `more` is the
-- unit of a number, the names of a code, or the fields of a list's items.
local fields = {}
local made = {}
local header = {
  major = ProtoField.uint8("wand.major", "Major version"),
  type = ProtoField.uint8("wand.type", "Type", base.HEX, TYPES),
  flags = ProtoField.uint8("wand.flags", "Flags", base.HEX),
  code = ProtoField.uint8("wand.code", "Code", base.DEC, CODES),
  seq = ProtoField.uint16("wand.seq", "Sequence"),
  length = ProtoField.uint16("wand.length", "Payload length"),
  link = ProtoField.uint32("wand.link", "Link", base.HEX),
  session = ProtoField.uint32("wand.session", "Session"),
  check = ProtoField.uint32("wand.crc", "CRC-32", base.HEX),
  payload = ProtoField.bytes("wand.payload", "Payload"),
}
for _, field in pairs(header) do made[#made + 1] = field end
for bit, name in pairs(FLAGS) do
  header[bit] = ProtoField.bool("wand.flags." .. name:lower(), name, 8, nil, bit)
  made[#made + 1] = header[bit]
end

local UINT = { [1] = ProtoField.uint8, [2] = ProtoField.uint16, [4] = ProtoField.uint32 }

local function declare(struct)
  if fields[struct.name] then return end
  local own = {}
  fields[struct.name] = own
  for _, field in ipairs(struct) do
    local name, kind, size, more = field[1], field[2], field[3], field[4]
    local filter = "wand." .. snake(struct.name) .. "." .. snake(name)
    if kind == "list" then
      declare(more)
    else
      if kind == "text" then own[name] = ProtoField.stringz(filter, name)
      elseif kind == "rest" then own[name] = ProtoField.bytes(filter, name)
      elseif kind == "code" then own[name] = UINT[size](filter, name, base.DEC, more)
      else own[name] = UINT[size](filter, name) end
      made[#made + 1] = own[name]
    end
  end
end
for _, message in pairs(MESSAGES) do
  declare(message.request)
  declare(message.reply)
end
for _, block in pairs(BLOCKS) do declare(block) end
wand.fields = made

local short = ProtoExpert.new("wand.short", "Shorter than its declaration", expert.group.MALFORMED, expert.severity.ERROR)
wand.experts = { short }

local EPOCH = 946684800
local function walk(struct, tvb, tree)
  local at = 0
  for _, field in ipairs(struct) do
    local name, kind, size, more, full = field[1], field[2], field[3], field[4], field[5]
    if tvb:len() < at + size then
      tree:add_tvb_expert_info(short, tvb)
      return
    end
    if kind == "rest" then
      if tvb:len() > at then tree:add(fields[struct.name][name], tvb(at)) end
    elseif kind == "list" then
      local count, stride, start = tvb(at, 1):uint(), tvb(at + 1, 1):uint(), tvb(at + 2, 2):le_uint()
      for i = 0, count - 1 do
        local from = start + i * stride
        if stride == 0 or from + stride > tvb:len() then
          tree:add_tvb_expert_info(short, tvb(at, 4))
          break
        end
        walk(more, tvb(from, stride):tvb(), tree:add(tvb(from, stride), name .. " " .. (i + 1)))
      end
    elseif kind == "text" then
      tree:add(fields[struct.name][name], tvb(at, size))
    else
      local value = tvb(at, size):le_uint()
      local item = tree:add_le(fields[struct.name][name], tvb(at, size))
      if value == 2 ^ (8 * size) - 1 and not full then item:append_text(" (unavailable)")
      elseif kind == "time" then item:append_text(os.date("! (%Y-%m-%dT%H:%M:%S)", EPOCH + value))
      elseif kind == "uint" and more then item:append_text(" " .. more) end
    end
    at = at + size
  end
end

function wand.dissector(tvb, pinfo, tree)
  if tvb:len() < HEADER + CHECK then return 0 end
  local type, flags, code = tvb(1, 1):uint(), tvb(2, 1):uint(), tvb(3, 1):uint()
  local reply = flags % 2 == 1
  local message = MESSAGES[type]
  local name = message and message.name or string.format("type 0x%02X", type)
  local said = reply and code ~= 0 and ", " .. (CODES[code] or code) or ""
  local info = name .. (reply and " reply" or " request") .. said
  pinfo.cols.protocol = "WAND"
  pinfo.cols.src = reply and "wand" or "host"
  pinfo.cols.dst = reply and "host" or "wand"
  pinfo.cols.info = info
  local top = tree:add(wand, tvb(), "Open wand protocol, " .. info)
  top:add(header.major, tvb(0, 1))
  top:add(header.type, tvb(1, 1))
  local marks = top:add(header.flags, tvb(2, 1))
  for bit in pairs(FLAGS) do marks:add(header[bit], tvb(2, 1)) end
  top:add(header.code, tvb(3, 1))
  top:add_le(header.seq, tvb(4, 2))
  top:add_le(header.length, tvb(6, 2))
  top:add_le(header.link, tvb(8, 4))
  top:add_le(header.session, tvb(12, 4))
  top:add_le(header.check, tvb(tvb:len() - CHECK, CHECK))
  local length = tvb:len() - HEADER - CHECK
  if length == 0 then return tvb:len() end
  local payload = tvb(HEADER, length)
  if not message or (reply and code ~= 0) then
    top:add(header.payload, payload)
    return tvb:len()
  end
  local struct = reply and message.reply or message.request
  walk(struct, payload:tvb(), top:add(payload, struct.name))
  -- A piece of a block is a structure by itself only when it is the whole of it: one that fills its PDU is not.
  if reply and message.name == "BLOCK" and length > PIECE and length < MOST then
    local block = BLOCKS[payload(4, 1):uint()]
    if block and payload(5, 2):le_uint() == 0 then
      local piece = payload(PIECE)
      walk(block, piece:tvb(), top:add(piece, "Block " .. block.name))
    end
  end
  return tvb:len()
end

-- Bytes that were no PDU: noise, damage, or another protocol.
local noise = Proto("wand_noise", "Bytes that are no PDU of a wand")
noise.fields = { ProtoField.bytes("wand_noise.bytes", "Bytes") }
function noise.dissector(tvb, pinfo, tree)
  pinfo.cols.protocol = "WAND"
  pinfo.cols.info = tvb:len() .. " bytes that are no PDU"
  tree:add(noise, tvb()):add(noise.fields[1], tvb())
  return tvb:len()
end

local by_type = DissectorTable.get("wtap_encap")
by_type:add(wtap.USER0, wand)
by_type:add(wtap.USER1, noise)
