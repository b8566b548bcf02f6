// A world of fakes for tests of everything around the implant.
import { IN_PLACE } from '../../simulator/air/coupling.ts'
import type { World } from '../../simulator/index.ts'
import { FakeImplant } from './fake-implant.ts'

export function fakeWorld(over: Partial<World> = {}): World & { readonly made: FakeImplant[] } {
  const made: FakeImplant[] = []
  return {
    made,
    implants: (wand) => {
      const pumps = [new FakeImplant(`SIM-${wand}001`), new FakeImplant(`SIM-${wand}002`)]
      made.push(...pumps)
      return pumps
    },
    place: IN_PLACE,
    timeline: [],
    noise: 'none',
    ...over,
  }
}
