// Who sits where: an operator who signed in with a PIN, at one browser or at the terminal, until they sign out,
// write nothing for half an hour, or the program ends. Nothing of it is kept.
import { OperatorStore, type SignIn } from '../../access/operators.ts'
import type { Env } from '../../base/env.ts'
import { overlooked, wellAgain } from '../../base/failures.ts'

const SITTING_MS = 30 * 60_000

interface Sitting {
  readonly name: string
  /** Monotonic. */
  until: number
}

export class Sittings {
  readonly #env: Env
  readonly #operators: OperatorStore
  readonly #sittings = new Map<string, Sitting>()

  constructor(env: Env, stateDir: string) {
    this.#env = env
    this.#operators = new OperatorStore(env, stateDir)
  }

  /** Names of those who can sign in. */
  async names(): Promise<readonly string[]> {
    try {
      const all = await this.#operators.list()
      wellAgain('operator-directory')
      return all.filter(({ removedAt }) => removedAt === null).map(({ name }) => name)
    } catch (error) {
      // Nobody can sign in then; what is written is recorded as claimed.
      overlooked('operator-directory', error)
      return []
    }
  }

  async signIn(place: string, name: string, pin: string): Promise<SignIn> {
    this.#sittings.delete(place)
    const result = await this.#operators.signIn(name, pin)
    if (result.ok) this.#sittings.set(place, { name: result.name, until: this.#end() })
    return result
  }

  /** Who sits there; null = nobody who signed in. */
  at(place: string): string | null {
    const sitting = this.#sittings.get(place)
    if (sitting && this.#env.monotonic() < sitting.until) return sitting.name
    this.#sittings.delete(place)
    return null
  }

  /** They have written something: the half hour begins again. An operator who was removed sits no more. */
  async writes(place: string): Promise<string | null> {
    const name = this.at(place)
    if (name === null) return null
    if (!(await this.names()).includes(name)) {
      this.signOut(place)
      return null
    }
    this.#sittings.set(place, { name, until: this.#end() })
    return name
  }

  signOut(place: string): void {
    this.#sittings.delete(place)
  }

  #end(): number {
    return this.#env.monotonic() + SITTING_MS
  }
}
