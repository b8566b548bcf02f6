// `wandbridge audit`: what auditors and technicians do with the audit log. Each verb has its file;
// nothing of the log is loaded before one of them runs.
import { type Command, InvalidArgumentError } from 'commander'
import { CommandError, Exit } from './exit.ts'
import { number, withStateDir } from './options.ts'

const collect = (value: string, before: string[] = []) => [...before, value]
const position = number(0, Number.MAX_SAFE_INTEGER)

/** A moment as people type it, as the UTC text records hold. */
function moment(text: string): string {
  const at = Date.parse(
    /\dT?\d*:\d/.test(text) && !/[Zz]|[+-]\d\d:?\d\d$/.test(text) ? `${text}Z` : text,
  )
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError('It must be a UTC time such as 2026-11-24 or 2026-11-24T14:02.')
  }
  return new Date(at).toISOString()
}

export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description(
      'The audit log: what was read, when, by whom, in files that nobody can quietly change.',
    )
  const verb = (spec: string, does: string) =>
    withStateDir(audit.command(spec).description(does)).exitOverride()
  const filtered = (spec: string, does: string) =>
    verb(spec, does)
      .option('--from <time>', 'records from this UTC time on', moment)
      .option('--to <time>', 'records before this UTC time', moment)
      .option('--kind <kind>', 'records of this kind; may be given several times', collect)
      .option('--pump <serial>', 'records of this pump')
      .option('--session <n>', 'records of this session', number(0, 0xffffffff))
      .option('--actor <who>', 'records of this token, operator or account')
      .option('--log <id>', 'one log only; otherwise all of them, oldest first')

  filtered('show', 'Show records, the newest last.')
    .option('--last <n>', 'how many', number(1, 1_000_000), 50)
    .option('--json', 'what this is in one line, then the records, one a line, as they are signed')
    .action(async (flags) => (await import('./audit/show.ts')).show(flags))

  verb('verify [path]', 'Check every byte of a log, or of a device audit file or proof.')
    .option('--key <key>', 'verifier key kept elsewhere, such as on a printed sheet')
    .option('--since <file>', 'a checkpoint kept elsewhere: the log must still contain it')
    .option('--witness <key>', 'each must have cosigned it; may be given several times', collect)
    .option('--rederive', 'decode the PDUs of every reading again and compare')
    .option('--who', 'say over what time, what could not be kept, and who is in it')
    .option('--json', 'the result as one JSON document, with actors, time range and counts')
    .option('--sheet <file>', 'a refill worksheet kept elsewhere: do its figures stand in the log?')
    .action(async (path: string | undefined, { sheet, ...flags }) =>
      sheet === undefined
        ? (await import('./audit/verify.ts')).verifyPath(path, flags)
        : (await import('./audit/sheet.ts')).verifySheet(path, sheet, flags),
    )

  verb('prove', 'Print a proof that one record is in the log (C2SP tlog-proof).')
    .argument('<position>', 'of the record, as `show` gives it', position)
    .option('--log <id>', 'which log, if there are several')
    .action(async (at: number, flags) => (await import('./audit/prove.ts')).printProof(at, flags))

  verb('checkpoint', 'Print the newest signed checkpoint, to be kept elsewhere.')
    .option('--log <id>', 'which log, if there are several')
    .option('--no-qr', 'text only')
    .action(async (flags) => (await import('./audit/prove.ts')).printCheckpoint(flags))

  filtered('export', 'Write records out: the device audit file of a pump, or a table.')
    .option('--csv', 'a table for spreadsheets')
    .option('--ndjson', 'records as signed, one a line')
    .option('--out <file>', 'a new file; otherwise it is printed')
    .action(async (flags) => (await import('./audit/export.ts')).exportRecords(flags))

  verb('report', 'Write an audit report: a page to print, with its data as CSV and JSON beside it.')
    .requiredOption('--out <file>', 'the page, a new file (HTML); the data get its name')
    .option('--from <time>', 'records from this UTC time on', moment)
    .option('--to <time>', 'records before this UTC time', moment)
    .option('--pump <serial>', 'of this pump only')
    .option('--log <id>', 'one log only; otherwise all of them')
    .option('--key <key>', 'verifier key kept elsewhere, such as on a printed sheet')
    .option('--since <file>', 'a checkpoint kept elsewhere: the log must still contain it')
    .action(async (flags) => (await import('./audit/report/report.ts')).report(flags))

  verb('accept', 'Say that people have looked at logs that were set aside.')
    .requiredOption('--reason <text>', 'what was found; it goes into the log')
    .action(async (flags) => (await import('./audit/entries.ts')).enter('accept', flags))

  verb('rotate', 'Change the signing key; the old and the new one both sign for it.')
    .requiredOption('--reason <text>', 'why; it goes into the log')
    .action(async (flags) => (await import('./audit/entries.ts')).enter('rotate', flags))

  audit.action(() => {
    throw new CommandError(Exit.USAGE, audit.helpInformation())
  })
}
