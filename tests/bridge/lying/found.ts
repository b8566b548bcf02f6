// Stories in which a surface once showed more than was known, as they were found. They are written out, so that
// they stay when the generator changes.
import type { Story } from './lies.ts'

export const FOUND: readonly Story[] = [
  // A LIVE after the one that outdated a reading made the same reading live again.
  {
    seed: 95,
    policy: 'continuous',
    liveMs: 1000,
    framing: 'line',
    steps: [
      { at: 13582, command: { do: 'alarm', code: 'motor-stall', on: true } },
      { at: 13719, command: { do: 'reply', to: 'SNAPSHOT', nth: 1, count: 0, stallMs: 900 } },
    ],
    ms: 30157,
  },
  // A reading whose blocks came slowly was live for a moment although the pump had answered too long ago.
  {
    seed: 282,
    policy: 'continuous',
    liveMs: 250,
    framing: 'report',
    steps: [
      { at: 2369, command: { do: 'reply', to: 'WAND', nth: 2, count: 0, delayMs: 900 } },
      { at: 3273, command: { do: 'noise', level: 'none' } },
      { at: 3516, command: { do: 'reply', to: 'CLOSE', nth: 1, count: 1, old: true } },
      { at: 4203, command: { do: 'set-clock', ms: 5000 } },
      { at: 12867, command: { do: 'reply', to: 'BLOCK', nth: 1, count: 0, delayMs: 300 } },
      { at: 25224, command: { do: 'plug' } },
      { at: 25538, command: { do: 'set-clock', ms: -5000 } },
      { at: 30824, command: { do: 'alarm', code: 'motor-stall', on: false } },
    ],
    ms: 42312,
  },
  // The same, with a wand that stalls before every block.
  {
    seed: 369,
    policy: 'continuous',
    liveMs: 1000,
    framing: 'line',
    steps: [
      { at: 2262, command: { do: 'alarm', code: 'stopped-over-48h', on: true } },
      { at: 4262, command: { do: 'program', change: { rate: 381000 } } },
      { at: 7017, command: { do: 'reply', to: 'BLOCK', nth: 4, count: 0, stallMs: 300 } },
      { at: 10503, command: { do: 'alarm', code: 'motor-stall', on: true } },
      { at: 21043, command: { do: 'reply', to: 'LIVE', nth: 1, count: 10, header: { flags: 23 } } },
      { at: 28246, command: { do: 'lift' } },
      { at: 30450, command: { do: 'noise', level: 'none' } },
      { at: 31093, command: { do: 'unplug' } },
      { at: 33128, command: { do: 'present', pump: 0 } },
      { at: 37418, command: { do: 'set-clock', ms: 3600000 } },
    ],
    ms: 38150,
  },
  // A server whose clock was set back made a client show an age of 0.
  {
    seed: 604,
    policy: 'on-placement',
    liveMs: 1000,
    framing: 'line',
    steps: [
      { at: 6743, command: { do: 'reply', to: 'BLOCK', nth: 2, count: 3, header: { session: 1 } } },
      { at: 18197, command: { do: 'reply', to: 'CLOSE', nth: 3, count: 0, code: 'UNKNOWN_TYPE' } },
      { at: 26477, command: { do: 'reply', to: 'LIVE', nth: 1, count: 0, stallMs: 5000 } },
      { at: 28751, command: { do: 'reply', to: 'CLOSE', nth: 3, count: 1, set: { result: 1 } } },
      { at: 30596, command: { do: 'unplug' } },
      { at: 33204, command: { do: 'present', pump: 1 } },
      { at: 35762, command: { do: 'lift' } },
      { at: 39147, command: { do: 'set-clock', ms: -3600000 } },
      { at: 39819, command: { do: 'lift' } },
      { at: 39888, command: { do: 'reply', to: 'SNAPSHOT', nth: 2, count: 1, drop: true } },
    ],
    ms: 40092,
  },
  // The same, by some seconds only.
  {
    seed: 949,
    policy: 'continuous',
    liveMs: 1000,
    framing: 'line',
    steps: [
      { at: 9290, command: { do: 'block', block: 'battery', length: 12 } },
      { at: 12418, command: { do: 'reply', to: 'PING', nth: 3, count: 3, header: { major: 0 } } },
      { at: 12574, command: { do: 'reply', to: 'SNAPSHOT', nth: 4, count: 0, old: true } },
      { at: 16720, command: { do: 'reply', to: 'HELLO', nth: 4, count: 3, twice: true } },
      { at: 17700, command: { do: 'alarm', code: 'stopped-over-48h', on: true } },
      { at: 17888, command: { do: 'set-clock', ms: -3600000 } },
      { at: 19617, command: { do: 'set-clock', ms: -5000 } },
      { at: 30730, command: { do: 'lift' } },
    ],
    ms: 32829,
  },
  // After the server's clock was set back a client took every new reading for an old one, and showed the
  // one before it as live: an alarm of the new one was missing.
  {
    seed: 7064,
    policy: 'continuous',
    liveMs: 1000,
    framing: 'report',
    steps: [
      { at: 4568, command: { do: 'alarm', code: 'stopped-over-48h', on: true } },
      { at: 6887, command: { do: 'set-clock', ms: 5000 } },
      { at: 7187, command: { do: 'set-clock', ms: -3600000 } },
      { at: 16786, command: { do: 'reply', to: 'LIVE', nth: 4, count: 10, source: 'device' } },
      { at: 19068, command: { do: 'sleep', ms: 60000 } },
      { at: 19641, command: { do: 'lift' } },
      { at: 20116, command: { do: 'reply', to: 'BLOCK', nth: 2, count: 0, length: 35 } },
    ],
    ms: 42296,
  },
  // Two more in which the server's clock was set back by an hour.
  {
    seed: 656,
    policy: 'continuous',
    liveMs: 1000,
    framing: 'line',
    steps: [
      { at: 13191, command: { do: 'unplug' } },
      { at: 27326, command: { do: 'place' } },
      { at: 29715, command: { do: 'reply', to: 'SNAPSHOT', nth: 1, count: 10, old: true } },
      { at: 30644, command: { do: 'reply', to: 'PING', nth: 3, count: 1, source: 'replay' } },
      { at: 32279, command: { do: 'present', pump: 0 } },
      { at: 32979, command: { do: 'set-clock', ms: -3600000 } },
      { at: 34971, command: { do: 'reply', to: 'SNAPSHOT', nth: 3, count: 1, old: true } },
    ],
    ms: 44962,
  },
  {
    seed: 7261,
    policy: 'continuous',
    liveMs: 3000,
    framing: 'line',
    steps: [
      { at: 204, command: { do: 'reply', to: 'PING', nth: 2, count: 3, length: 39 } },
      { at: 1738, command: { do: 'place' } },
      { at: 1828, command: { do: 'noise', level: 'low' } },
      { at: 6653, command: { do: 'set-clock', ms: -3600000 } },
      { at: 16427, command: { do: 'reply', to: 'CLOSE', nth: 4, count: 1, code: 'AIR_FAILED' } },
      { at: 21304, command: { do: 'alarm', code: 'stopped-over-48h', on: true } },
      {
        at: 27263,
        command: { do: 'reply', to: 'INTERROGATE', nth: 2, count: 1, set: { snapshot: null } },
      },
      { at: 31843, command: { do: 'reply', to: 'WAND', nth: 2, count: 1, old: true } },
    ],
    ms: 41472,
  },
  // LIVE counted an alarm; the reading made for it listed none, from an old list, and was live until the next LIVE.
  {
    seed: 21169,
    policy: 'continuous',
    liveMs: 250,
    framing: 'report',
    steps: [
      { at: 3642, command: { do: 'reply', to: 'OPEN', nth: 1, count: 3, source: 'device' } },
      { at: 5913, command: { do: 'place' } },
      { at: 6940, command: { do: 'reply', to: 'WAND', nth: 2, count: 1, length: 50 } },
      { at: 11195, command: { do: 'program', change: { rate: 258000 } } },
      { at: 12648, command: { do: 'block', block: 'alarms', old: true } },
      { at: 12875, command: { do: 'block', block: 'clock', twice: true } },
      { at: 15023, command: { do: 'block', block: 'reservoir', set: { reportedVolume: null } } },
      { at: 15835, command: { do: 'reply', to: 'BLOCK', nth: 4, count: 3, drop: true } },
      { at: 19635, command: { do: 'alarm', code: 'memory-error', on: true } },
      { at: 24080, command: { do: 'reply', to: 'LIVE', nth: 4, count: 1, header: { major: 2 } } },
    ],
    ms: 26397,
  },
  // LIVE contradicted the reading while the session was being closed, and was not heard.
  {
    seed: 101662,
    policy: 'continuous',
    liveMs: 250,
    framing: 'line',
    steps: [
      { at: 5189, command: { do: 'reply', to: 'LIVE', nth: 3, count: 3, source: 'replay' } },
      { at: 7113, command: { do: 'plug' } },
      { at: 8708, command: { do: 'program', change: { rate: 197000 } } },
      {
        at: 13990,
        command: { do: 'reply', to: 'BLOCK', nth: 2, count: 1, set: { data: '00'.repeat(22) } },
      },
      { at: 27603, command: { do: 'noise', level: 'none' } },
      { at: 34564, command: { do: 'set-clock', ms: -5000 } },
      { at: 39000, command: { do: 'reply', to: 'CLOSE', nth: 2, count: 3, code: 'BUSY' } },
      {
        at: 40197,
        command: { do: 'reply', to: 'LIVE', nth: 2, count: 1, set: { activeAlarms: 200 } },
      },
      { at: 42017, command: { do: 'reply', to: 'WAND', nth: 1, count: 0, old: true } },
    ],
    ms: 44645,
  },
  // LIVE that came while the session was being closed made the reading younger than its answer was.
  {
    seed: 100275,
    policy: 'continuous',
    liveMs: 250,
    framing: 'line',
    steps: [
      { at: 2880, command: { do: 'sleep', ms: 3600000 } },
      { at: 7938, command: { do: 'reply', to: 'PING', nth: 3, count: 3, stallMs: 5000 } },
      { at: 19886, command: { do: 'reply', to: 'PING', nth: 2, count: 1, source: 'replay' } },
    ],
    ms: 44535,
  },
  // LIVE that came while the blocks were still collected was forgotten when the reading was whole.
  {
    seed: 201681,
    policy: 'continuous',
    liveMs: 1000,
    framing: 'line',
    steps: [
      { at: 9046, command: { do: 'plug' } },
      { at: 12726, command: { do: 'place' } },
      { at: 14098, command: { do: 'reply', to: 'PING', nth: 4, count: 1, source: 'replay' } },
      { at: 15512, command: { do: 'place' } },
      { at: 16181, command: { do: 'sleep', ms: 3000 } },
      { at: 17981, command: { do: 'block', block: 'bolus', missing: true } },
      {
        at: 22483,
        command: { do: 'reply', to: 'LIVE', nth: 4, count: 3, set: { activeAlarms: 1 } },
      },
      { at: 25857, command: { do: 'reply', to: 'BLOCK', nth: 4, count: 3, drop: true } },
      { at: 28867, command: { do: 'restart-wand' } },
      { at: 33595, command: { do: 'plug' } },
    ],
    ms: 34346,
  },
]
