// The facts that ahead.ts judges. Looks, and changes nothing.
import { X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from '../../base/disk.ts'
import type { Env } from '../../base/env.ts'
import type { Settings } from '../options.ts'
import type { Ahead, Certificate } from './ahead.ts'

const DAY_MS = 86_400_000
/** The pace of a log is that of the last so many days. */
const MONTH_DAYS = 30

export async function gatherAhead(
  env: Env,
  settings: Settings,
  freeBytes: number | null,
): Promise<Ahead> {
  const wall = env.wall()
  return {
    wall,
    node: process.versions.node,
    disk: { freeBytes, grown: await growth(join(settings.stateDir, 'audit'), wall) },
    key: await keyOf(settings.stateDir),
    certificates: await Promise.all(certificateFiles(settings).map(read)),
  }
}

/** What was written below a directory in the last month, or since it began. */
async function growth(dir: string, wall: number): Promise<Ahead['disk']['grown']> {
  const names = await readdir(dir, { recursive: true }).catch(() => [])
  const files = await Promise.all(
    names.map((name) =>
      stat(join(dir, name)).then(
        (s) => (s.isFile() && !name.endsWith('ballast') ? s : null),
        () => null,
      ),
    ),
  )
  const all = files.filter((one) => one !== null)
  const first = Math.min(...all.map((one) => Math.min(one.birthtimeMs || one.mtimeMs, one.mtimeMs)))
  const days = Math.min(MONTH_DAYS, (wall - first) / DAY_MS)
  if (!(days >= 1)) return null
  const recent = all.filter((one) => one.mtimeMs > wall - MONTH_DAYS * DAY_MS)
  return { bytes: recent.reduce((sum, one) => sum + one.size, 0), days }
}

async function keyOf(stateDir: string): Promise<Ahead['key']> {
  if ((await readdir(join(stateDir, 'audit')).catch(() => [])).length === 0) return null
  const file = join(stateDir, 'keys', 'audit.key')
  try {
    const { mode } = await stat(file)
    await readFile(file)
    return process.platform !== 'win32' && (mode & 0o077) !== 0 ? 'open' : 'kept'
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'missing' : 'unreadable'
  }
}

/** Every certificate that the configuration names, with the setting. */
function certificateFiles({ http, patients, hl7, delivery, fleet }: Settings): [string, string][] {
  const of = (setting: string, file: string | undefined): [string, string][] =>
    file === undefined ? [] : [[setting, file]]
  const destinations = [
    ...hl7.destinations.map((one) => ['hl7', one] as const),
    ...delivery.fhir.map((one) => ['delivery.fhir', one] as const),
    ...delivery.webhooks.map((one) => ['delivery.webhooks', one] as const),
  ]
  return [
    ...of('http.tls.cert', http.tls?.cert),
    ...of('http.tls.clientCa', http.tls?.clientCa),
    ...of('patients.adt.tls.cert', patients?.adt?.tls?.cert),
    ...of('patients.adt.tls.clientCa', patients?.adt?.tls?.clientCa),
    ...of('fleet.tls.cert', fleet?.tls?.cert),
    ...of('fleet.tls.ca', fleet?.tls?.ca),
    ...destinations.flatMap(([where, { name, tls }]) => [
      ...of(`${where} ${name}, tls.cert`, tls?.cert),
      ...of(`${where} ${name}, tls.ca`, tls?.ca),
    ]),
  ]
}

async function read([setting, file]: [string, string]): Promise<Certificate> {
  try {
    const { validTo } = new X509Certificate(await readFile(file))
    return { setting, file, until: Date.parse(validTo) }
  } catch (error) {
    return { setting, file, until: (error as Error).message }
  }
}
