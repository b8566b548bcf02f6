// What people read when the system refuses them a port: who gives the right differs between systems, so what
// helps on Linux is said on Linux only.
import { PortError } from './port.ts'

/** `onLinux` says what to do there. */
export const denied = (path: string, onLinux: string): PortError => {
  const todo = process.platform === 'linux' ? onLinux : 'Give this user the right to open it.'
  return new PortError('denied', `${path} may not be opened by this user. ${todo}`)
}
