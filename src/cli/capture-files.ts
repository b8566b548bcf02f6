// `wandbridge capture through` and `capture export`: a capture of what another program and a wand say to each other,
// and a capture as a file for Wireshark.

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Command } from 'commander'
import { nodeDisk } from '../base/disk.ts'
import { systemEnv } from '../base/env.ts'
import { VERSION } from '../base/version.ts'
import { readCapture } from '../capture/reader.ts'
import { captureWriter } from '../capture/writer.ts'
import { sourceFor } from '../transport/source.ts'
import { CommandError, Exit, type ExitCode, stopInOrder } from './exit.ts'
import { readable, served } from './replay.ts'

const FLUSH_MS = 250

export function registerCaptureFiles(capture: Command): void {
  capture
    .command('through <port> <file>')
    .exitOverride()
    .description(
      'Stand between another program and a wand (PATH or tcp://HOST:PORT): it opens the terminal that is named. Read requests pass, nothing else.',
    )
    .option('--link <path>', 'keep a symbolic link to the terminal here')
    .action(through)
  capture
    .command('export <file>')
    .exitOverride()
    .description('Write a capture for Wireshark, whose dissector is docs/wireshark/wandbridge.lua.')
    .requiredOption('--pcapng <out>', 'the file to be written')
    .action(exportPcapng)
}

async function through(spec: string, file: string, { link }: { link?: string }): Promise<void> {
  const env = systemEnv()
  const source = served(() => sourceFor(spec, env))
  const { Through } = await import('../host/through.ts')
  const { servePty } = await import('../../simulator/ports/pty.ts')
  const now = () => ({ wall: env.wall(), mono: env.monotonic() })
  const out = await nodeDisk.create(file).catch((error: Error) => {
    throw new CommandError(
      Exit.USAGE,
      `${file} cannot be made: ${error.message}.\nNothing was captured. Give the name of a file that is not there yet.`,
    )
  })
  const writer = captureWriter({ boot: `${process.pid}`, bridge: null, began: now() })
  let written: Promise<void> = Promise.resolve()
  const flush = () => {
    const bytes = writer.take()
    written = written.then(() => out.append(bytes))
    return written
  }
  let code: ExitCode = Exit.OK
  const wand = new Through({
    env,
    port: source,
    tap: (fact) => writer.put(spec, fact, now()),
    stopped: ({ bytes, hex }) => {
      const text = `The other program sent ${bytes} bytes that are no read request (${hex}). Nothing of them reached the wand.`
      writer.put(spec, { kind: 'ended', how: 'denied', text }, now())
      code = Exit.NOT_SO
      console.error(text)
      void ending.stop(code)
    },
  })
  const port = served(() => servePty(wand, { env, ...(link === undefined ? {} : { link }) }))
  const again = () => {
    flush().then(
      () => env.after(FLUSH_MS, again, { background: true }),
      (error: Error) => {
        console.error(
          `${file} cannot be written: ${error.message}. The capture ends; what is there is whole.`,
        )
        void ending.stop(Exit.NOT_SO)
      },
    )
  }
  const ending = stopInOrder(async () => {
    await wand.stop()
    await port.stop()
    await flush()
      .then(() => out.sync())
      .catch(() => {})
    await out.close()
    console.error(`What went through is in ${file}.`)
    return code
  })
  again()
  console.log(JSON.stringify({ kind: port.kind, path: port.path, wand: spec }))
  console.error(
    'Capturing what passes. It holds what the pump reported: treat it like a patient record. End with Ctrl-C.',
  )
}

async function exportPcapng(file: string, { pcapng }: { pcapng: string }): Promise<void> {
  await readable(file)
  const { framesOf } = await import('../capture/exchanges.ts')
  const { Pcapng } = await import('../capture/pcapng.ts')
  const out = createWriteStream(pcapng, { flags: 'wx', mode: 0o600 })
  const failed = once(out, 'error').then(([error]: Error[]) => {
    throw new CommandError(
      Exit.USAGE,
      `${pcapng} cannot be written: ${error?.message}.\nGive the name of a file that is not there yet.`,
    )
  })
  const made = new Pcapng()
  let packets = 0
  const writing = async () => {
    const write = async (bytes: Uint8Array) => {
      if (!out.write(bytes)) await once(out, 'drain')
    }
    await write(made.head(`wandbridge ${VERSION}`))
    for await (const frame of framesOf(readCapture(nodeDisk.read(file)))) {
      packets += 1
      await write(made.packet(frame))
    }
    await new Promise<void>((resolve) => out.end(resolve))
  }
  await Promise.race([writing(), failed])
  console.log(`${pcapng}\n${packets} packets`)
}
