// Scenarios by name or by file.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readYamlFile } from '../../src/base/yaml-file.ts'
import { type Scenario, scenarioSchema } from './schema.ts'

/** The folder of the named ones: the build copies no YAML, so it is looked for in the package. */
function folder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  for (let up = here; ; up = dirname(up)) {
    const found = join(up, 'simulator', 'scenarios')
    if (existsSync(join(found, 'normal-refill.yaml'))) return found
    if (up === dirname(up)) throw new Error(`no scenarios were installed with ${here}`)
  }
}

export function scenarioNames(): string[] {
  return readdirSync(folder())
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -5))
    .sort()
}

/** Throws an error with file, line and reason, or with the names there are. */
export function loadScenario(nameOrPath: string): Scenario {
  if (/\.ya?ml$/i.test(nameOrPath)) return readYamlFile(nameOrPath, scenarioSchema)
  const names = scenarioNames()
  if (names.includes(nameOrPath)) {
    return readYamlFile(join(folder(), `${nameOrPath}.yaml`), scenarioSchema)
  }
  const known = names.join(', ')
  throw new Error(`There is no scenario ${nameOrPath}. There is ${known}; or give a .yaml file.`)
}
