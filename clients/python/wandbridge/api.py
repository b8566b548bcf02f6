# Made by tools/python-client.ts of src/http/openapi.json: `npm run generate`.
"""The API of a bridge as types and methods."""
from __future__ import annotations

from typing import Literal, Mapping, NotRequired, TypeAlias, TypedDict, cast
from urllib.parse import quote

Query = Mapping[str, "str | int | None"]


def _part(text: str) -> str:
    return quote(text, safe="")


class PumpRef(TypedDict):
    id: str
    """Opaque; fit for addresses."""
    serial: str


class Owner(TypedDict):
    """The patient whom a pump belonged to when it was recorded."""

    system: str
    """Who gives the identifier: a URI, such as urn:oid:1.2.3."""
    value: str
    name: NotRequired[str]
    """Only if the configuration asks for names."""
    location: NotRequired[str]
    """Where the patient is; components between `^`, as in PV1-3."""
    provider: NotRequired[str]
    """Ordering provider; components between `^`, as in OBR-16."""


class InterrogationRecordIdentity(TypedDict):
    """What the pump says of itself."""

    model: str | None
    firmware: str | None


class TextValue(TypedDict):
    """A value with its quality."""

    value: str | None
    unit: None
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class CountValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["1"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class PumpState(TypedDict):
    """What the pump says it is doing."""

    state: TextValue
    """As far as the pump knows: a stall is detected late. One of running, stopped, stalled, minimum-rate, end-of-service, valve-closed; anything newer comes as unknown(n)."""
    stateSince: TextValue
    """When it entered that state, as far as it knows."""
    stateCounter: CountValue
    """Counts every change of what the pump would report, its volume aside."""
    programmedAt: TextValue
    """When it was last programmed."""
    resets: CountValue
    """How often the pump has restarted, ever."""


class MillilitresValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["mL"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class Reservoir(TypedDict):
    """The reservoir, as the pump reckons it."""

    reportedVolume: MillilitresValue
    """Volume by dead reckoning: what was filled less what was asked to leave."""
    capacity: MillilitresValue
    """Nominal capacity."""
    lowAlarmVolume: MillilitresValue
    """Reported volume at which the pump raises its low-reservoir alarm."""
    lowAlarmDate: TextValue
    """When the pump expects that, at its present programme."""
    filledAt: TextValue
    """When the last refill was programmed."""
    filledVolume: MillilitresValue
    """Volume programmed at that refill."""


class MillilitresPerDayValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["mL/d"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class MinutesValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["min"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class InfusionSchedule(TypedDict):
    """From its start until the next step."""

    start: MinutesValue
    """Start, from midnight of the pump’s clock."""
    rate: MillilitresPerDayValue
    """Rate during the step."""


class SecondsValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["s"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class PatientBolus(TypedDict):
    """Patient-activated boluses."""

    enabled: TextValue
    """Whether the patient may ask for one. One of off, on; anything newer comes as unknown(n)."""
    volume: MillilitresValue
    """Volume of one bolus."""
    duration: SecondsValue
    """How long one takes."""
    lockout: MinutesValue
    """Least time from one bolus to the next."""
    maxPerDay: CountValue
    """Most in 24 h."""
    given24h: CountValue
    """Given in the last 24 h."""
    acceptedCount: CountValue
    """Accepted since the last programming."""
    deniedCount: CountValue
    """Denied since the last programming."""
    lastAcceptedAt: TextValue
    """When the last one was accepted."""


class ConcentrationValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["mg/mL", "ug/mL"] | None
    """Null = the pump does not say its mass unit: no number is given then."""
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class DosePerDayValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["mg/d", "ug/d"] | None
    """Null = the pump does not say its mass unit: no number is given then."""
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class Drug(TypedDict):
    """One drug in the reservoir, as programmed."""

    name: str | None
    """Name as entered at the programmer."""
    massUnit: str | None
    """Mass unit as programmed; never rescaled between reads."""
    concentration: ConcentrationValue
    """Concentration."""
    dose24h: DosePerDayValue
    """Dose of one day at the present programme, patient boluses aside."""
    invalid: NotRequired[dict[str, int | str]]
    """Fields outside their declared range, with the raw value; they read null."""


class Infusion(TypedDict):
    """The programme of the pump."""

    mode: TextValue
    """How it infuses. One of stopped, simple-continuous, flex, single-bolus, minimum-rate; anything newer comes as unknown(n)."""
    rate: MillilitresPerDayValue
    """Rate set for this moment. Set, not measured: a stalled pump still reports it."""
    volume24h: MillilitresValue
    """Volume of one day at the present programme, patient boluses aside."""
    bolusVolume: MillilitresValue
    """Single bolus: volume still to be given."""
    bolusRate: MillilitresPerDayValue
    """Single bolus: rate at which it is given."""
    schedule: list[InfusionSchedule] | None
    """The day’s steps in order of start; empty = one constant rate. Null = it could not be read."""
    patientBolus: PatientBolus
    drugs: list[Drug] | None
    """Null = they could not be read."""


Alarm = TypedDict(
    "Alarm",
    {
        "id": str,
        "code": str | None,
        "class": str | None,
        "state": str | None,
        "occurredAt": str | None,
        "detectedAt": str | None,
        "readAt": str,
        "invalid": NotRequired[dict[str, int | str]],
    },
)


class PumpEvent(TypedDict):
    """One entry of the pump’s log."""

    number: int | None
    """Absolute: counts every event the pump ever logged, from 1."""
    code: str | None
    """What happened."""
    occurredAt: str | None
    """When it happened, as far as the pump knows."""
    detectedAt: str | None
    """When the pump noticed and logged it."""
    argument: int | None
    """Depends on the code (below); unavailable where none is listed."""
    invalid: NotRequired[dict[str, int | str]]
    """Fields outside their declared range, with the raw value; they read null."""


class PumpEvents(TypedDict):
    """The pump's own log, as far as it still holds it."""

    total: int | None
    overwritten: int | None
    """Older events the pump no longer holds; null = it does not say."""
    entries: list[PumpEvent] | None
    """Null = the list could not be read."""


class MillimetresValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["mm"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class Catheter(TypedDict):
    """The catheter, as entered at the programmer."""

    model: TextValue
    """Model of the catheter."""
    implanted: TextValue
    """When it was implanted."""
    length: MillimetresValue
    """Implanted length."""
    volume: MillilitresValue
    """Volume inside it."""


class MillivoltsValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["mV"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class PercentValue(TypedDict):
    """A value with its quality."""

    value: float | None
    unit: Literal["%"]
    deviceTime: str | None
    receivedAt: str
    quality: Literal["current", "stale", "invalid", "unavailable"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded", "block-malformed", "block-listed-twice", "block-missing"]]
    raw: NotRequired[int | str]


class Battery(TypedDict):
    """The pump’s battery and its service life."""

    state: TextValue
    """Replacement due (ERI) comes 90 days before end of service. One of ok, replacement-due, end-of-service; anything newer comes as unknown(n)."""
    voltage: MillivoltsValue
    """Battery voltage."""
    remaining: PercentValue
    """Charge left."""
    replacementDate: TextValue
    """When the pump expects, or reported, replacement due (ERI)."""
    serviceEndDate: TextValue
    """When the pump expects, or reported, end of service."""
    infusedTotal: MillilitresValue
    """Volume asked to leave since implantation."""


class ClockOffset(TypedDict):
    """The pump's clock, which has no zone, read as UTC, minus this computer's."""

    value: float | None
    unit: Literal["s"]


class Clock(TypedDict):
    """The pump's clock beside this computer's, at one moment."""

    deviceTime: str | None
    hostTime: str
    offset: ClockOffset
    """The pump's clock, which has no zone, read as UTC, minus this computer's."""
    uncertainty: ClockOffset
    """Null = nobody knows when the clock was asked."""
    resets: float | None


class InterrogationRecordUnavailable(TypedDict):
    block: Literal["identity", "catheter", "status", "reservoir", "infusion", "drugs", "bolus", "alarms", "events", "battery", "clock"]
    reason: Literal["block-malformed", "block-listed-twice", "block-missing"]


class InterrogationRecord(TypedDict):
    """One whole reading of a pump."""

    kind: Literal["interrogation"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    identity: InterrogationRecordIdentity
    """What the pump says of itself."""
    readAt: str
    """When the pump said it at the earliest; ages are counted from here."""
    contradicted: NotRequired[Literal[True]]
    """Another answer of the pump in this session said something else, and counted no change: this reading may be false. It may also be a `session` record behind this one, `contradicted`, that says so."""
    implanted: TextValue
    """When it was implanted, as entered at the programmer."""
    state: PumpState
    reservoir: Reservoir
    infusion: Infusion
    alarms: list[Alarm] | None
    """Null = they could not be read: nothing is said of alarms."""
    events: PumpEvents
    catheter: Catheter
    battery: Battery
    clock: Clock
    unavailable: list[InterrogationRecordUnavailable]
    """Parts of the reading that could not be read: their values are unavailable, their lists null."""
    invalid: NotRequired[dict[str, int | str]]
    """Serial, model or firmware of the pump outside their form, with the text as it came."""


class LiveRecord(TypedDict):
    """A short exchange inside a session."""

    kind: Literal["live"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    readAt: str
    """When the pump said it at the earliest; ages are counted from here."""
    reportedVolume: MillilitresValue
    """Volume by dead reckoning: what was filled less what was asked to leave."""
    rate: MillilitresPerDayValue
    """Rate set for this moment. Set, not measured: a stalled pump still reports it."""
    activeAlarms: int | None


class AlarmRecord(TypedDict):
    """A change among the pump's own alarms, from reading to reading."""

    kind: Literal["alarm"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    phase: Literal["start", "update", "end"]
    alarm: Alarm


class PumpEventsRecord(TypedDict):
    """What the pump has logged itself since the reading before: each event once."""

    kind: Literal["pump-events"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    readAt: str
    """When the pump said it at the earliest; ages are counted from here."""
    upTo: int
    """Number of the newest of them."""
    overwritten: int
    """Events since the reading before that the pump did not hold any more."""
    entries: list[PumpEvent]
    """Oldest first."""


class SessionRecord(TypedDict):
    """A session with a pump began, went on, or ended."""

    kind: Literal["session"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    event: Literal["opened", "recognised", "changed", "contradicted", "ended"]
    how: Literal["confirmed", "unconfirmed", "lost", "ended-by-wand"] | None
    """How it ended; null while it has not."""


class UnclosedRecordSessions(TypedDict):
    session: int
    why: str
    pump: str | None
    """Serial, if known."""


class UnclosedRecord(TypedDict):
    """Sessions of which no confirmed close is known; empty = none."""

    kind: Literal["unclosed"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    sessions: list[UnclosedRecordSessions]


class Statement(TypedDict):
    code: str
    """What is said, as a code: the same in every language."""
    args: dict[str, str | float | bool | None]
    """What the sentence of this code is about."""


class LinkRecord(TypedDict):
    """The connection to a wand changed."""

    kind: Literal["link"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    phase: str
    cause: str
    why: Statement | None
    """Where the cause does not say it all."""
    detail: str
    """`why` as a sentence."""
    connected: bool


class ReadFailedRecord(TypedDict):
    """An attempt to read a pump did not complete."""

    kind: Literal["read-failed"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    code: str
    """What is said, as a code: the same in every language."""
    args: dict[str, str | float | bool | None]
    """What the sentence of this code is about."""
    why: str
    """The same as a sentence."""
    final: bool
    """No further attempt before the wand is placed again."""


class Signed(TypedDict):
    """Who wrote it down, and how sure that is."""

    operator: str | None
    """Null = nobody was named."""
    verified: Literal["pin", "claimed"]
    """`pin`: signed in with a PIN; `claimed`: a name that somebody typed."""


class WorksheetRecord(TypedDict):
    """A step of a refill worksheet was written down."""

    kind: Literal["worksheet"]
    id: str
    """Opaque: names this record for ever. The id of the event, and the cursor behind it."""
    position: int
    """Place in the audit log: the id of the event, the cursor of history."""
    log: str
    """Name of the audit log that the position belongs to."""
    at: str
    """When it happened, by the clock of the computer that saw it."""
    source: Literal["device", "simulator", "replay"]
    pump: PumpRef | None
    wand: str | None
    """Serial of the wand."""
    port: str | None
    patient: str | None
    """A pseudonym, only if somebody set one."""
    owner: Owner | None
    """The patient whom the pump belonged to when this was recorded; null = nobody has said."""
    session: int | None
    snapshot: int | None
    deviceTime: str | None
    sheet: str
    step: str
    entries: dict[str, object]
    signed: NotRequired[Signed]


Record: TypeAlias = InterrogationRecord | LiveRecord | AlarmRecord | PumpEventsRecord | SessionRecord | UnclosedRecord | LinkRecord | ReadFailedRecord | WorksheetRecord


class ByeEvent(TypedDict):
    """The last event of this connection, and why."""

    asOf: str
    reason: Literal["slow", "revoked", "expired", "shutdown"]
    """The code of `sentence`."""
    sentence: str


class WandCoupling(TypedDict):
    """As the wand last said it; what would help who holds it."""

    value: float | None
    unit: Literal["%"]
    position: str | None


class WandContact(TypedDict):
    fresh: bool
    ageMs: float | None
    """Since the implant was last heard; null = not since the wand was found."""
    atLeast: bool
    """The wand counts no further: it is at least so long ago."""
    operation: str | None
    progress: float | None
    """%"""


class LinkRefused(TypedDict):
    """Damaged or foreign traffic refused since start: no part of any reading."""

    frames: int
    bytes: int


class Link(TypedDict):
    phase: str
    cause: str
    """What led to this phase: the code of `sentence`."""
    connected: bool
    sentence: str
    why: Statement | None
    """Where the cause does not say it all."""
    detail: str
    """`why` as a sentence."""
    since: str | None
    refused: LinkRefused
    """Damaged or foreign traffic refused since start: no part of any reading."""


class Session(TypedDict):
    id: int | None
    state: Literal["none", "open", "closing", "closed", "not-confirmed", "lost"]
    closeConfirmed: bool | None
    """Whether the implant confirmed the end; null while nobody asked it."""
    openedAt: str | None
    endedAt: str | None
    code: str
    """What is said, as a code: the same in every language."""
    args: dict[str, str | float | bool | None]
    """What the sentence of this code is about."""
    sentence: str
    """The same for the person at the pump."""


class WandUnclosed(TypedDict):
    why: str
    session: int
    pump: str | None
    code: str
    """What is said, as a code: the same in every language."""
    args: dict[str, str | float | bool | None]
    """What the sentence of this code is about."""
    sentence: str


class Wand(TypedDict):
    port: str
    serial: str | None
    model: str | None
    firmware: str | None
    invalid: NotRequired[dict[str, int | str]]
    """Serial, model or firmware of the wand outside their form, with the text as it came."""
    source: Literal["device", "simulator", "replay"]
    coupling: WandCoupling
    """As the wand last said it; what would help who holds it."""
    contact: WandContact
    battery: float | None
    """%; null = powered by its cable, or unknown"""
    lastSessionEnd: str | None
    """How the wand's newest session ended, by its own word at HELLO."""
    readFailure: Statement | None
    lastReadFailure: str | None
    """`readFailure` as a sentence."""
    link: Link
    session: Session
    unclosed: list[WandUnclosed]
    """Sessions of which no confirmed close is known: a fault to be seen to."""
    pump: str | None
    """Opaque id of the pump last read through it."""


class Pump(TypedDict):
    id: str
    """Opaque; fit for addresses."""
    serial: str
    model: str | None
    firmware: str | None


class WandOfPump(TypedDict):
    """The wand it was read through."""

    port: str
    serial: str | None
    model: str | None
    firmware: str | None
    invalid: NotRequired[dict[str, int | str]]
    """Serial, model or firmware of the wand outside their form, with the text as it came."""
    source: Literal["device", "simulator", "replay"]
    coupling: WandCoupling
    """As the wand last said it; what would help who holds it."""
    contact: WandContact
    battery: float | None
    """%; null = powered by its cable, or unknown"""
    lastSessionEnd: str | None
    """How the wand's newest session ended, by its own word at HELLO."""
    readFailure: Statement | None
    lastReadFailure: str | None
    """`readFailure` as a sentence."""
    unclosed: list[WandUnclosed]
    """Sessions of which no confirmed close is known: a fault to be seen to."""


class WitnessesProblems(TypedDict):
    name: str
    problem: Literal["fork", "ahead", "unknown-log", "unknown-key", "unreadable", "wrong-key", "no-answer", "forgot"]
    theirs: int | None
    """Records it says it has seen."""
    said: str
    """Its answer, or that of the system, as it came."""


class Witnesses(TypedDict):
    of: int
    """Witnesses that the bridge was told of."""
    signed: int
    """Those that have cosigned the newest checkpoint."""
    behind: int
    """Records that not all of them have cosigned."""
    problems: list[WitnessesProblems]


class Audit(TypedDict):
    log: str | None
    position: int | None
    state: Literal["none", "ok", "slow", "failed"]
    checkpoint: str | None
    witnesses: NotRequired[Witnesses]
    """Not there without any."""
    code: str
    """What is said, as a code: the same in every language."""
    args: dict[str, str | float | bool | None]
    """What the sentence of this code is about."""
    notices: list[Statement]
    """What people are to be told besides."""
    sentence: str
    """The code and the notices as sentences."""


class PumpStatus(TypedDict):
    asOf: str
    ageMs: float
    """Age of the reading at `asOf`."""
    readAt: str
    quality: Literal["current", "stale"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded"]]
    source: Literal["device", "simulator", "replay"]
    pump: Pump
    wand: WandOfPump
    session: Session
    implanted: TextValue
    """When it was implanted, as entered at the programmer."""
    state: PumpState
    reservoir: Reservoir
    infusion: Infusion
    alarms: list[Alarm] | None
    """Null = they could not be read: nothing is said of alarms."""
    events: PumpEvents
    catheter: Catheter
    battery: Battery
    clock: Clock
    unavailable: list[InterrogationRecordUnavailable]
    """Parts of the reading that could not be read: their values are unavailable, their lists null."""
    invalid: NotRequired[dict[str, int | str]]
    """Serial, model or firmware of the pump outside their form, with the text as it came."""
    link: Link
    audit: Audit


class SnapshotEvent(TypedDict):
    asOf: str
    log: str | None
    position: int | None
    """The newest record that this snapshot knows; what follows comes after it."""
    wands: list[Wand]
    pumps: list[PumpStatus]
    audit: Audit


class Liveness(TypedDict):
    id: str
    serial: str
    source: Literal["device", "simulator", "replay"]
    quality: Literal["current", "stale"]
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded"]]
    readAt: str
    ageMs: float


class StatusEvent(TypedDict):
    """What is live has changed. Not recorded, so it has no id; it waits for nothing. It may come before the record of the reading that it names by `readAt`, and holds for it once that has come."""

    asOf: str
    wands: list[Wand]
    pumps: list[Liveness]
    audit: Audit


class ResetEvent(TypedDict):
    asOf: str
    reason: Literal["too-old", "unknown", "ahead"]
    """`too-old`: the records after it are not kept · `unknown`: it is no position of this log · `ahead`: the log is shorter. What you have is not continued: a snapshot follows."""
    log: str | None
    oldest: int | None
    newest: int | None


class TickEvent(TypedDict):
    """The server is there. Every 5 s."""

    asOf: str
    audit: Audit


Event: TypeAlias = SnapshotEvent | Record | StatusEvent | ResetEvent | TickEvent | ByeEvent


class Health(TypedDict):
    ok: bool
    code: str
    """What is said, as a code: the same in every language."""
    args: dict[str, str | float | bool | None]
    """What the sentence of this code is about."""
    sentence: str


class Interrogation(TypedDict):
    asOf: str
    interrogation: InterrogationRecord


class KeyChanges(TypedDict):
    """Section 13 of the format of the audit log."""

    format: Literal["wandbridge-key-changes/1"]
    changes: list[str]
    """Texts of c2sp.org/tlog-proof."""


class Problem(TypedDict):
    """RFC 9457."""

    type: str
    """Stable: `urn:wandbridge:problem:…`."""
    title: str
    status: int
    detail: str
    """What happened."""
    meaning: str
    """What it means for the reading."""
    next: str
    """What to do."""
    quality: NotRequired[Literal["stale"]]
    """Nothing you show is live."""
    reason: NotRequired[Literal["session-closed", "wand-lost", "implant-lost", "implant-silent", "changed", "contradicted", "server-silent", "audit-failed", "recorded"]]


class LoggedEvent(TypedDict):
    """What the pump has logged itself, once, from the reading that first had it."""

    id: str
    """Opaque: names this event for ever, and is the cursor behind it."""
    position: int
    """Place in the audit log."""
    readAt: str
    deviceTime: str | None
    session: int | None
    source: Literal["device", "simulator", "replay"]
    number: int | None
    """Absolute: counts every event the pump ever logged, from 1."""
    code: str | None
    """What happened."""
    occurredAt: str | None
    """When it happened, as far as the pump knows."""
    detectedAt: str | None
    """When the pump noticed and logged it."""
    argument: int | None
    """Depends on the code (below); unavailable where none is listed."""
    invalid: NotRequired[dict[str, int | str]]
    """Fields outside their declared range, with the raw value; they read null."""
    alarm: str | None
    """The alarm that is raised or cleared."""
    overwritten: int
    """So many before it were overwritten by the pump before they were read."""


class LoggedEvents(TypedDict):
    asOf: str
    log: str | None
    pump: PumpRef
    events: list[LoggedEvent]
    next: str | None
    """Give it as `after` to go on; null = this was the end of what is recorded."""


class Pumps(TypedDict):
    asOf: str
    pumps: list[PumpStatus]
    audit: Audit


class Reading(TypedDict):
    """What moves, at one moment of history."""

    id: str
    """Opaque: names this record for ever, and is the cursor behind it."""
    position: int
    """Place in the audit log."""
    readAt: str
    deviceTime: str | None
    session: int | None
    source: Literal["device", "simulator", "replay"]
    kind: Literal["interrogation", "live"]
    reportedVolume: MillilitresValue
    """Volume by dead reckoning: what was filled less what was asked to leave."""
    rate: MillilitresPerDayValue
    """Rate set for this moment. Set, not measured: a stalled pump still reports it."""


class Readings(TypedDict):
    asOf: str
    log: str | None
    pump: PumpRef
    readings: list[Reading]
    next: str | None
    """Give it as `after` to go on; null = this was the end of what is recorded."""


class RefillBefore(TypedDict):
    position: int
    readAt: str
    reportedVolume: MillilitresValue
    """Volume by dead reckoning: what was filled less what was asked to leave."""
    filledAt: str | None
    """Of the refill before it."""
    filledVolume: MillilitresValue
    """Of the refill before it."""
    programmedAt: str | None


class RefillAfter(TypedDict):
    position: int
    readAt: str
    reportedVolume: MillilitresValue
    """Volume by dead reckoning: what was filled less what was asked to leave."""


class RefillWorksheets(TypedDict):
    position: int
    at: str
    sheet: str
    step: str
    entries: NotRequired[dict[str, object]]
    """As in the record; of a reading it is left out."""
    signed: NotRequired[Signed]


class Refill(TypedDict):
    """A refill as the pump reports it: programmed, not measured."""

    id: str
    """Opaque: names this record for ever, and is the cursor behind it."""
    position: int
    """Of the first interrogation that reports it."""
    filledAt: str
    """When it was programmed, by the pump's clock."""
    filledVolume: MillilitresValue
    """Volume programmed."""
    source: Literal["device", "simulator", "replay"]
    before: RefillBefore | None
    """The last interrogation before it; null = none recorded."""
    after: RefillAfter | None
    """The first interrogation that reports it."""
    worksheets: list[RefillWorksheets]
    """Steps written down between these two interrogations."""


class Refills(TypedDict):
    asOf: str
    log: str | None
    pump: PumpRef
    refills: list[Refill]
    next: str | None
    """Give it as `after` to go on; null = this was the end of what is recorded."""


class VisitOwner(TypedDict):
    system: str
    """Who gives the identifier: a URI, such as urn:oid:1.2.3."""
    value: str


class Visit(TypedDict):
    """One interrogation in short."""

    id: str
    """Opaque: names this record for ever, and is the cursor behind it."""
    position: int
    """Place in the audit log."""
    readAt: str
    deviceTime: str | None
    session: int | None
    source: Literal["device", "simulator", "replay"]
    reportedVolume: MillilitresValue
    """Volume by dead reckoning: what was filled less what was asked to leave."""
    rate: MillilitresPerDayValue
    """Rate set for this moment. Set, not measured: a stalled pump still reports it."""
    volume24h: MillilitresValue
    """Volume of one day as programmed."""
    activeAlarms: int | None
    """Null = they could not be read."""
    alarmCodes: list[str | None] | None
    """Of the alarms in its list, in its order; a code that was not said is null."""
    closeConfirmed: bool | None
    """Whether the implant confirmed the end of the session; null = not known."""
    owner: VisitOwner | None
    """The patient whom the pump belonged to then; null = nobody had said."""


class Visits(TypedDict):
    asOf: str
    log: str | None
    pump: PumpRef
    interrogations: list[Visit]
    next: str | None
    """Give it as `after` to go on; null = this was the end of what is recorded."""


class DestinationAside(TypedDict):
    log: str
    position: int
    control: str
    """Id of the message: MSH-10, webhook-id, identifier of the Bundle."""
    code: str
    """MSA-1 or the HTTP status; `none`: no message could be made."""
    text: str
    """What it said."""
    attempts: int
    at: str


class Destination(TypedDict):
    """Where messages go, and how far behind it is."""

    name: str
    kind: Literal["hl7", "fhir", "webhook", "nats"]
    address: str
    state: Literal["idle", "sending", "waiting", "failed", "disabled"]
    """`disabled`: it wants no message any more."""
    lagMs: float
    """Age of the oldest record still owed."""
    waiting: int
    """Messages at hand; more may wait in the log."""
    parked: int
    """Messages it would not take, set aside."""
    aside: list[DestinationAside]
    """The newest of those, ten at most."""
    sent: int
    """Accepted since the bridge started."""
    strays: int
    """Replies that named no message that was sent."""
    code: str
    """What is said, as a code: the same in every language."""
    args: dict[str, str | float | bool | None]
    """What the sentence of this code is about."""
    sentence: str


class PatientsAdt(TypedDict):
    accepted: float
    errors: float
    rejected: float


class Patients(TypedDict):
    """Where whose pump it is comes from. It names no patient."""

    assigned: int
    """Pumps that are known to be somebody’s."""
    problem: str | None
    """Why the table is not taken; null = it is. Pumps stay whose they were."""
    refused: list[str]
    """Serials of pumps that the table gives to two patients."""
    adt: PatientsAdt | None
    """HL7 ADT messages by how they were answered; null = none are heard."""


class Wands(TypedDict):
    asOf: str
    wands: list[Wand]
    audit: Audit
    destinations: list[Destination]
    patients: Patients | None


class Operations:
    """Every address of the API but the stream of events."""

    def _json(self, path: str, query: Query) -> object:
        raise NotImplementedError

    def _text(self, path: str, query: Query) -> str:
        raise NotImplementedError

    def list_wands(self) -> Wands:
        """Every wand, its link, its contact and its session, as they stand.

        Scope: `status`."""
        return cast(Wands, self._json(f"/api/v1/wands", {}))

    def list_pumps(self) -> Pumps:
        """Every pump that was read since the log began, with its newest reading.

        Scope: `status`."""
        return cast(Pumps, self._json(f"/api/v1/pumps", {}))

    def get_pump(self, id: str) -> PumpStatus:
        """One pump: what it reported, how old that is, whether it is live and why not.

        Nothing here reads the pump: that takes the wand, held in place. A value that is not live says so; a missing one is said to be missing.

        Scope: `status`."""
        return cast(PumpStatus, self._json(f"/api/v1/pumps/{_part(id)}", {}))

    def list_readings(self, id: str, *, from_: str | None = None, to: str | None = None, after: str | None = None, order: Literal["asc", "desc"] | None = None, limit: int | None = None, patient: str | None = None) -> Readings:
        """What moved: reported volume and rate of every reading in a range.

        Oldest first, or with `order=desc` newest first. `next` is the cursor of the next page; with `Accept: application/x-ndjson` there is no page: every item is a line of a stream, and its `id` is the cursor.

        Scope: `history`.

        `from_`: Records from this moment on; ISO 8601 with zone.

        `to`: Records before this moment; ISO 8601 with zone.

        `after`: Cursor: `next` of the page before.

        `order`: `desc`: newest first, so that a limit gives the newest.

        `limit`: Items at most.

        `patient`: SYSTEM|VALUE or VALUE: only what belonged to this patient when it was read, under whichever identifier."""
        return cast(Readings, self._json(f"/api/v1/pumps/{_part(id)}/readings", {"from": from_, "to": to, "after": after, "order": order, "limit": limit, "patient": patient}))

    def list_interrogations(self, id: str, *, from_: str | None = None, to: str | None = None, after: str | None = None, order: Literal["asc", "desc"] | None = None, limit: int | None = None, patient: str | None = None) -> Visits:
        """Every interrogation in short, and whether its session was confirmed closed.

        Oldest first, or with `order=desc` newest first. `next` is the cursor of the next page; with `Accept: application/x-ndjson` there is no page: every item is a line of a stream, and its `id` is the cursor. The whole of one is at its id.

        Scope: `history`.

        `from_`: Records from this moment on; ISO 8601 with zone.

        `to`: Records before this moment; ISO 8601 with zone.

        `after`: Cursor: `next` of the page before.

        `order`: `desc`: newest first, so that a limit gives the newest.

        `limit`: Items at most.

        `patient`: SYSTEM|VALUE or VALUE: only what belonged to this patient when it was read, under whichever identifier."""
        return cast(Visits, self._json(f"/api/v1/pumps/{_part(id)}/interrogations", {"from": from_, "to": to, "after": after, "order": order, "limit": limit, "patient": patient}))

    def list_refills(self, id: str, *, from_: str | None = None, to: str | None = None, after: str | None = None, order: Literal["asc", "desc"] | None = None, limit: int | None = None) -> Refills:
        """Refills as the pump reports them, with the readings before and after.

        Oldest first, or with `order=desc` newest first. `next` is the cursor of the next page; with `Accept: application/x-ndjson` there is no page: every item is a line of a stream, and its `id` is the cursor. What the pump was told, not what was injected. Names of people and their own words among the worksheets are for tokens with the scope audit.

        Scope: `history`.

        `from_`: Records from this moment on; ISO 8601 with zone.

        `to`: Records before this moment; ISO 8601 with zone.

        `after`: Cursor: `next` of the page before.

        `order`: `desc`: newest first, so that a limit gives the newest.

        `limit`: Items at most."""
        return cast(Refills, self._json(f"/api/v1/pumps/{_part(id)}/refills", {"from": from_, "to": to, "after": after, "order": order, "limit": limit}))

    def list_logged_events(self, id: str, *, from_: str | None = None, to: str | None = None, after: str | None = None, order: Literal["asc", "desc"] | None = None, limit: int | None = None, patient: str | None = None) -> LoggedEvents:
        """What the pump has logged itself: alarms that came and went, stalls, boluses.

        Oldest first, or with `order=desc` newest first. `next` is the cursor of the next page; with `Accept: application/x-ndjson` there is no page: every item is a line of a stream, and its `id` is the cursor. Each event once, from the reading that first had it; nobody watched the pump in between. What the pump held at its first reading is in that interrogation.

        Scope: `history`.

        `from_`: Records from this moment on; ISO 8601 with zone.

        `to`: Records before this moment; ISO 8601 with zone.

        `after`: Cursor: `next` of the page before.

        `order`: `desc`: newest first, so that a limit gives the newest.

        `limit`: Items at most.

        `patient`: SYSTEM|VALUE or VALUE: only what belonged to this patient when it was read, under whichever identifier."""
        return cast(LoggedEvents, self._json(f"/api/v1/pumps/{_part(id)}/events", {"from": from_, "to": to, "after": after, "order": order, "limit": limit, "patient": patient}))

    def get_interrogation(self, id: str, record: str) -> Interrogation:
        """One interrogation, whole, as it was recorded.

        Scope: `history`."""
        return cast(Interrogation, self._json(f"/api/v1/pumps/{_part(id)}/interrogations/{_part(record)}", {}))

    def get_checkpoint(self, log: str) -> str:
        """The newest signed checkpoint of the audit log, with its cosignatures.

        As c2sp.org/tlog-tiles has it, below the prefix /api/v1/audit/{log}; beside it are tile/{L}/{N}[.p/{W}] and, with the scope `audit`, tile/entries/{N}[.p/{W}], whose addresses are paths of any depth and so no operations here. The name of the log is `audit.log` of every status.

        Scope: `status`."""
        return self._text(f"/api/v1/audit/{_part(log)}/checkpoint", {})

    def get_cosigned(self, log: str) -> str:
        """The largest checkpoint of the audit log that a witness has cosigned.

        With all cosignatures that are known for it. While the log grows it is some seconds behind the newest checkpoint. 404 where no witness has cosigned any.

        Scope: `status`."""
        return self._text(f"/api/v1/audit/{_part(log)}/cosigned", {})

    def get_key_changes(self, log: str) -> KeyChanges:
        """A proof of each change of the key that signs the audit log, oldest first.

        Each is a c2sp.org/tlog-proof of the record that names the old key and the new one, below the checkpoint that both signed, so that whoever knew the old key knows the new one.

        Scope: `status`."""
        return cast(KeyChanges, self._json(f"/api/v1/audit/{_part(log)}/key-changes", {}))

    def get_health(self) -> Health:
        """Whether the bridge runs."""
        return cast(Health, self._json(f"/healthz", {}))

    def get_readiness(self) -> Health:
        """Whether what is read can be recorded and shown.

        Says nothing of wands: a wand that is away is no fault of the bridge."""
        return cast(Health, self._json(f"/readyz", {}))

    def get_metrics(self) -> str:
        """Metrics for Prometheus. They name no person, pump or wand.

        Scope: `metrics`."""
        return self._text(f"/metrics", {})
