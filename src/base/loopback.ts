// Whether an address is this computer's own: what goes there is read by nobody on the way.
const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** `host`: a name or an address, without brackets. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)
