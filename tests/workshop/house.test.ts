// The picture of the house says what the table says.
import { expect, it } from 'vitest'
import { fromTheGround, picture, type Rooms, roomTable } from '../../tools/house.ts'

const room = (may: string[], lazily: string[] = []) => ({ path: 'p/', what: 'w', may, lazily })
// On top of a circle of two; in the table from the roof down.
const HOUSE: Rooms = {
  roof: room(['left'], ['cellar']),
  left: room(['right', 'cellar']),
  right: room(['left']),
  cellar: room([]),
}

it('puts every room above what it imports', () => {
  expect(fromTheGround(HOUSE)).toEqual(['cellar', 'left', 'right', 'roof'])
})

it('draws who imports whom: along the line, lazily as a ring, a circle right of the diagonal', () => {
  expect(picture(HOUSE).split('\n').slice(1, -1)).toEqual([
    'cellar  1  \\',
    'left    2  ● \\ ●',
    'right   3  · ● \\',
    'roof    4  ○ ● · \\',
    '',
    '           1 2 3 4',
  ])
})

it('names in the table what each room imports', () => {
  expect(roomTable(HOUSE).split('\n').slice(2)).toEqual([
    '| cellar | `p/` | w | nothing |',
    '| left | `p/` | w | cellar, right |',
    '| right | `p/` | w | left |',
    '| roof | `p/` | w | *cellar*, left |',
  ])
})
