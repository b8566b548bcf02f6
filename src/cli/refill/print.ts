// `wandbridge refill print`: a sheet as a file that needs nothing else, or as a PDF. The log is read;
// no bridge is needed.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { systemEnv } from '../../base/env.ts'
import { printable } from '../../model/printable.ts'
import { Desk } from '../../refill/desk/desk.ts'
import { patientSlip, printedSheet } from '../../refill/paper/print.ts'
import type { Sheet } from '../../refill/sheet/sheet.ts'
import type { SheetFile } from '../../refill/sheet/sheet-file.ts'
import { browseFile } from '../browse.ts'
import { CommandError, Exit } from '../exit.ts'
import { type BridgeFlags, settings } from '../options.ts'
import type { PrintFlags } from '../refill.ts'
import { clinicOf } from './run.ts'

/** What makes a PDF, by name, the first that is there. */
const BROWSERS = ['chromium', 'chromium-browser', 'chromium-headless-shell', 'google-chrome']
const PAPERS: Readonly<Record<string, string>> = { a4: '210mm 297mm', letter: '8.5in 11in' }

export async function print(id: string, flags: PrintFlags): Promise<void> {
  const size = PAPERS[flags.paper.toLowerCase()]
  if (size === undefined) {
    throw new CommandError(Exit.USAGE, `--paper ${flags.paper}: give A4 or Letter.`)
  }
  const { file, sheet } = await sheetOf(id, flags)
  const { text } = flags.slip ? patientSlip(file, sheet) : printedSheet(file, sheet)
  if (flags.out !== undefined) await write(flags.out, text)
  if (flags.pdf !== undefined) await pdf(text, size, flags.pdf)
  if (flags.out === undefined && flags.pdf === undefined) await show(id, text)
}

/** The sheet of that name, with its file. */
export async function sheetOf(
  id: string,
  flags: BridgeFlags,
): Promise<{ readonly file: SheetFile; readonly sheet: Sheet }> {
  const chosen = settings(flags)
  const { stateDir } = chosen
  const desk = new Desk({ env: systemEnv(), stateDir, clinic: clinicOf(chosen), auth: 'process' })
  const sheet = await desk.sheet(id)
  if (sheet) return { file: await desk.file(sheet), sheet }
  const known = desk.log.sheets().map((one) => one.id)
  const list = known.length === 0 ? 'There are none.' : `There are: ${known.slice(-20).join(', ')}.`
  throw new CommandError(
    Exit.NOT_SO,
    `There is no sheet ${printable(id)} in ${stateDir}. ${list}\nNothing was written.`,
  )
}

export async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new CommandError(Exit.USAGE, `${path} was not written: ${(error as Error).message}`)
  }
  console.log(`Written: ${path}`)
}

/** In the browser, from a file for its owner only. */
async function show(id: string, text: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'wandbridge-sheet-'))
  const path = join(dir, `${id}.html`)
  await writeFile(path, text, { mode: 0o600 })
  if (!(await browseFile(path))) console.log(path)
  else console.log(`Opened from ${path}. Remove it when it is printed.`)
}

async function pdf(text: string, size: string, path: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'wandbridge-sheet-'))
  try {
    const source = join(dir, 'sheet.html')
    const sized = text.replace('<style>', `<style>@page { size: ${size}; }</style>\n<style>`)
    await writeFile(source, sized, { mode: 0o600 })
    for (const program of BROWSERS) {
      if (await made(program, pathToFileURL(source).href, resolve(path), dir)) {
        return void console.log(`Written: ${path}`)
      }
    }
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  throw new CommandError(
    Exit.USAGE,
    'No PDF was made: Chromium is not installed, or failed. Without --pdf the sheet opens in the browser, which prints it.',
  )
}

function made(program: string, url: string, path: string, profile: string): Promise<boolean> {
  // A browser refuses to run as root with its sandbox; this page is our own, and has no script.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const flags = ['--headless=new', '--disable-gpu', '--no-pdf-header-footer', '--no-first-run']
  const where = [`--user-data-dir=${join(profile, 'profile')}`, `--print-to-pdf=${path}`, url]
  return new Promise((done) => {
    const child = spawn(program, [...flags, ...root, ...where], { stdio: 'ignore' })
    child.once('error', () => done(false))
    child.once('exit', (code) => done(code === 0))
  })
}
