// The bridge that a test kills, as a program of its own.
import { packed } from '../../tools/pack.mjs'

export default packed('.cache/fleet/js', { bridge: 'tests/fleet/bridge.child.ts' })
