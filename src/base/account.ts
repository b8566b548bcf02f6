// The account of the operating system that this process runs as: who did it, as far as the system knows.
import { userInfo } from 'node:os'

export interface SystemAccount {
  /** −1 where the system has no numbers. */
  readonly uid: number
  readonly name: string
}

export function systemAccount(): SystemAccount {
  try {
    const { uid, username } = userInfo()
    return { uid, name: username || `uid ${uid}` }
  } catch {
    // A number without an entry in the system's list, as containers have.
    const uid = process.getuid?.() ?? -1
    return { uid, name: `uid ${uid}` }
  }
}

export const accountName = (): string => systemAccount().name
