// Shows every pump whenever something about it changes, and its refills once. Goes on through lost
// connections; says so when the bridge is silent. Usage: WANDBRIDGE_TOKEN=… node read.js http://127.0.0.1:8420
import { Client, type PumpStatus } from 'wandbridge/client'

const token = process.env['WANDBRIDGE_TOKEN'] ?? ''
const client = new Client({ url: process.argv[2] ?? 'http://127.0.0.1:8420', token })

client.connection$.subscribe((connection) => {
  if (connection.state === 'silent') console.log(`nothing is live: ${connection.why}`)
  if (connection.state === 'refused') console.log(`refused: ${connection.problem?.next ?? ''}`)
})

/** Exactly the value's own text: no rounding here. */
function line({ pump, source, quality, reason, ageMs, reservoir }: PumpStatus): string {
  const { value, unit } = reservoir.reportedVolume
  const volume = value === null ? 'not available' : `${value} ${unit}`
  const live = quality === 'current' ? 'live' : `NOT LIVE (${reason})`
  return `${source} ${pump.serial}: ${volume}, ${live}, read ${Math.round(ageMs / 1_000)} s ago`
}
client.status$.subscribe(({ pumps }) => {
  for (const pump of pumps) console.log(line(pump))
})

const { pumps } = await client.api.pumps()
for (const { pump } of pumps) {
  const { refills } = await client.api.refills(pump.id)
  for (const { filledAt, filledVolume, before } of refills) {
    const left = before?.reportedVolume.value ?? 'not known'
    console.log(
      `refill on ${filledAt}: ${filledVolume.value} ${filledVolume.unit}, before it ${left}`,
    )
  }
}
