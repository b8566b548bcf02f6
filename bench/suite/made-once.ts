// What a bench takes long to make, and finds again the next time.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'

/** Fills the directory, unless it is there; one that was left unfinished is made anew. */
export async function madeOnce(place: string, make: (dir: string) => Promise<void>): Promise<void> {
  if (existsSync(place)) return
  const unfinished = `${place}.new`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  await make(unfinished)
  renameSync(unfinished, place)
}
