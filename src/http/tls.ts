// Keys and certificates, by path. They are read again when they change, so that a renewed certificate
// needs no restart; one that is damaged is reported and the old one stays.
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls'
import { utc } from '../base/env.ts'
import type { HttpSources } from './sources.ts'

export interface TlsFiles {
  /** PEM: the certificate with its chain, and its key. */
  readonly cert: string
  readonly key: string
  /** PEM: only clients with a certificate of one of these are let in. */
  readonly clientCa?: string
}

const LOOK_MS = 2_000

export async function loadTls({ cert, key, clientCa }: TlsFiles) {
  const options = {
    cert: await readFile(cert),
    key: await readFile(key),
    ...(clientCa !== undefined && { ca: await readFile(clientCa) }),
    minVersion: 'TLSv1.2',
  } as const satisfies SecureContextOptions
  // Throws at what cannot be used, before anybody is let down by it.
  createSecureContext(options)
  const asked = clientCa !== undefined
  return { ...options, requestCert: asked, rejectUnauthorized: asked }
}

/** Gives the server what is in the files whenever they change, until the returned function is called. */
export function followFiles(
  { env, log }: Pick<HttpSources, 'env' | 'log'>,
  server: unknown,
  files: TlsFiles,
): () => void {
  let ended = false
  let cancel = () => {}
  let known = ''
  const look = async () => {
    const now = await stampOf(files)
    if (now === known) return
    const first = known === ''
    known = now
    if (first) return
    const { requestCert: _, rejectUnauthorized: __, ...context } = await loadTls(files)
    ;(server as Server).setSecureContext(context)
    log(`The certificate was read again at ${utc(env.wall())}.`, 'info')
  }
  const again = () => {
    cancel = env.after(
      LOOK_MS,
      () =>
        void look()
          .catch((error: Error) =>
            log(`The certificate cannot be used (${error.message}). The one before stays in use.`),
          )
          .then(() => ended || again()),
      { background: true },
    )
  }
  void look().then(again, again)
  return () => {
    ended = true
    cancel()
  }
}

async function stampOf({ cert, key, clientCa }: TlsFiles): Promise<string> {
  const paths = [cert, key, ...(clientCa === undefined ? [] : [clientCa])]
  const stamps = await Promise.all(
    paths.map(async (path) => {
      const { mtimeMs, size, ino } = await stat(path)
      return `${ino} ${size} ${mtimeMs}`
    }),
  )
  return stamps.join(' | ')
}
