// One story played on a bridge in virtual time, and held at every moment to what the wand has said on the
// cable. Gives the first thing that a surface showed and should not have; null = nothing.
import { Alarms } from '../../../protocol/fields/alarms.ts'
import { LINES } from '../../../protocol/framing/line-stream.ts'
import { REPORTS } from '../../../protocol/framing/report-stream.ts'
import { startSimulator } from '../../../simulator/index.ts'
import { VirtualEnv } from '../../../src/base/env.ts'
import { Bridge } from '../../../src/bridge/bridge.ts'
import { openWand } from '../../../src/drivers/open-wand/driver.ts'
import { loopbackSource } from '../../../src/transport/loopback.ts'
import { statusTold } from '../../../src/words/told.ts'
import { WORDS } from '../../../src/words/words.ts'
import { tapped } from '../rig.ts'
import { PUMPS, type Story } from './lies.ts'
import { asJson, asPage, asStream, asText, type Shown, streamOf } from './surfaces.ts'
import { Witness } from './witness.ts'

/** Contact by the wand's word must be no older. */
const CONTACT_MS = 900
/** What is behind a connection may show what was true this long ago. */
const REMOTE_MS = 1_000
const STEP_MS = 50
/** The terminal and the page are drawn so often. */
const DRAWN_EVERY = 10

export interface Played {
  readonly wrong: string | null
  /** Moments at which something was shown as current. */
  readonly current: number
  readonly wholes: number
}

export async function play(story: Story): Promise<Played> {
  const { seed, policy, liveMs, ms } = story
  const env = new VirtualEnv({ seed })
  const simulator = await startSimulator({ env, seed, scenario: PUMPS })
  const framing = story.framing === 'line' ? LINES : REPORTS
  const witness = new Witness(framing, () => env.monotonic())
  const path = simulator.wands[0]?.paths[story.framing]
  if (!path) throw new Error('the simulator has no wand')
  const port = tapped(loopbackSource('loop', path), (direction, bytes) => witness[direction](bytes))
  const ports = [port]
  const bridge = new Bridge({ env, driver: openWand, source: 'simulator', ports, policy, liveMs })
  const stream = streamOf(env, bridge)
  const bound = Math.min(3 * Math.max(liveMs, 1_000), 5_000)
  let wrong: string | null = null
  let current = 0

  const told = () => statusTold(WORDS['en-US'], bridge.status())
  const holds = (shown: Shown, late: number) => {
    const why = judge(shown, witness, env.monotonic(), bound + late, CONTACT_MS + late)
    if (shown.live) current += 1
    if (why !== null) wrong ??= `${env.monotonic()} ms, ${shown.surface}: ${why}`
  }
  const look = (draw: boolean) => {
    for (const pump of told().pumps) {
      holds(asJson(pump, draw), 0)
      if (draw) holds(asText(pump), 0)
    }
    for (const pump of stream.client() ?? []) {
      holds(asStream(pump, draw), REMOTE_MS)
      if (draw) holds(asPage(told().wands, pump), REMOTE_MS)
    }
    const trouble = stream.trouble()
    if (trouble !== null) wrong ??= `${env.monotonic()} ms: ${trouble}`
  }
  bridge.changes$.subscribe(() => {
    for (const pump of told().pumps) holds(asJson(pump, false), 0)
  })

  bridge.start()
  const steps = [...story.steps]
  let looks = 0
  for (let at = 0; at < ms && wrong === null; at += STEP_MS) {
    for (let next = steps[0]; next && next.at <= at; next = steps[0]) {
      steps.shift()
      const { command } = next
      if (command.do === 'sleep') await env.suspend(command.ms)
      else if (command.do === 'set-clock') env.setWall(command.ms)
      else await simulator.command(command)
    }
    await env.advance(STEP_MS)
    looks += 1
    look(looks % DRAWN_EVERY === 0)
  }
  let stopped = false
  const stopping = bridge.stop().then(() => {
    stopped = true
  })
  await env.until(() => stopped, 10_000, STEP_MS)
  if (!stopped) wrong ??= 'the bridge does not stop'
  else await stopping
  look(true)
  stream.close()
  await simulator.stop()
  return { wrong, current, wholes: witness.wholes.length }
}

/** What is wrong with what a surface shows; null = nothing. */
function judge(shown: Shown, w: Witness, now: number, bound: number, contact: number) {
  const { pump, live, ageMs, alarms } = shown
  const { serial } = pump.pump
  const wholes = w.wholes.filter((one) => one.serial === serial)
  const lives = w.lives.filter((one) => one.serial === serial)
  if (pump.source !== 'simulator') return `source ${pump.source}`
  if (wholes.length === 0) return `${serial} has said nothing`
  // One millisecond: the client's clock counts whole ones.
  const youngest = now - Math.max(...[...wholes, ...lives].map(({ said }) => said))
  if (ageMs < youngest - 1) return `an age of ${ageMs} ms for what is ${youngest} ms old`
  const foreign = foreignValue(pump, wholes, lives)
  if (foreign !== null) return foreign
  const newest = wholes.at(-1)
  const counted = newest?.blocks.alarms?.alarms.length
  // A reading that was refused for another reason leaves an older one, and says that it is old.
  if (live && counted !== undefined && (alarms ?? 0) < counted)
    return `${alarms} of ${counted} alarms`
  if (!live) return null
  const { link, session } = w
  const here = <T extends { link: number }>(all: readonly T[]) =>
    all.filter((one) => one.link === link)
  const answers = here(w.answers).filter((one) => one.session === session?.id)
  const answered = Math.max(...answers.map(({ said }) => said), -Infinity)
  if (now - answered > bound) return `current, and the implant answered ${now - answered} ms ago`
  const heard = Math.max(...here(w.contacts).map(({ at }) => at), -Infinity)
  if (now - heard > contact) return `current, and contact is ${now - heard} ms old`
  const last = here(lives).at(-1)
  const said = last && newest && last.said > newest.ended ? last.live.activeAlarms : null
  const most = Alarms.fields.alarms.max
  if (last && now - last.said > bound) return null
  // Who says that they could not be read claims no number of them.
  if (said !== null && alarms !== null && Math.min(said, most) > alarms)
    return `${alarms} alarms, and LIVE says ${said}`
  return null
}

/** Whether a value of another pump, or one that nobody said, is shown as this pump's. */
function foreignValue(
  pump: Shown['pump'],
  wholes: Witness['wholes'],
  lives: Witness['lives'],
): string | null {
  const { reportedVolume, capacity } = pump.reservoir
  const { rate } = pump.infusion
  const reservoirs = wholes.map(({ blocks }) => blocks.reservoir)
  const of = {
    reportedVolume: [
      reportedVolume.value,
      [...reservoirs.map((r) => r?.reportedVolume), ...lives.map((l) => l.live.reportedVolume)],
    ],
    capacity: [capacity.value, reservoirs.map((r) => r?.capacity)],
    rate: [
      rate.value,
      [...wholes.map(({ blocks }) => blocks.infusion?.rate), ...lives.map((l) => l.live.rate)],
    ],
  } as const
  for (const [name, [value, said]] of Object.entries(of)) {
    if (value === null) continue
    if (!said.some((raw) => raw === Math.round(value * 1e6))) return `${name} ${value} was not said`
  }
  return null
}
