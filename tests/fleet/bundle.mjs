// The bridge that a test kills, as a program of its own.
import { pack } from '../../tools/bundle.mjs'

await pack('.cache/fleet/js', { bridge: 'tests/fleet/bridge.child.ts' })
