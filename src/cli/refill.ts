// `wandbridge refill`: the worksheet of a refill, on its own page or in the terminal, and its paper.
import type { Command } from 'commander'
import { type BridgeFlags, number, withBridgeOptions, withStateDir } from './options.ts'

export interface RefillFlags extends BridgeFlags {
  readonly port: number
  readonly terminal?: boolean
  readonly open: boolean
  readonly practice?: boolean
  readonly scenario?: string
}

export interface PrintFlags {
  readonly config?: string
  readonly stateDir?: string
  readonly out?: string
  readonly pdf?: string
  readonly slip?: boolean
  readonly paper: string
}

export interface ExportFlags {
  readonly config?: string
  readonly stateDir?: string
  readonly out?: string
  readonly csv?: boolean
  readonly json?: boolean
  readonly text?: boolean
}

export function registerRefill(program: Command): void {
  const refill = withBridgeOptions(program.command('refill'))
    .description(
      'The refill worksheet: what the pump reports beside what people do. It sends nothing to the pump.',
    )
    .option('--port <n>', 'where its page is on 127.0.0.1; 0 = any', number(0, 65_535), 8_421)
    .option('--terminal', 'in this terminal instead of a page')
    .option('--no-open', 'only print the link; it works once, for two minutes')
    .option('--practice', 'a practice refill on the simulator, with keys for drain and refill')
    .option('--scenario <name>', 'with --practice: scenario by name, or a YAML file')
    .option('--policy <policy>', 'when no bridge runs: on-placement, manual, continuous')
    .action(async (flags: RefillFlags) => (await import('./refill/run.ts')).run(flags))

  withStateDir(refill.command('print'))
    .exitOverride()
    .argument('<id>', 'of the sheet, as it stands on its page')
    .description('Write the printed form of a sheet, or the patient’s slip, to a file.')
    .option('--config <file>', 'configuration file (YAML): clinic, zone, language')
    .option('--slip', 'the slip for the patient instead')
    .option('--out <file>', 'HTML that needs nothing else; otherwise it is opened in the browser')
    .option('--pdf <file>', 'a PDF, made by Chromium if it is installed')
    .option('--paper <size>', 'of the PDF: A4 or Letter', 'A4')
    .action(async (id: string, flags: PrintFlags) =>
      (await import('./refill/print.ts')).print(id, { ...refill.opts<BridgeFlags>(), ...flags }),
    )

  withStateDir(refill.command('export'))
    .exitOverride()
    .argument('<id>', 'of the sheet, as it stands on its page')
    .description('Write a sheet as data or as plain text.')
    .option('--config <file>', 'configuration file (YAML): clinic, zone, language')
    .option(
      '--csv',
      'a row for each time that a step was written, units in the names of the columns',
    )
    .option('--json', 'everything the printed sheet is made of')
    .option('--text', 'its lines, what was found, and what was answered')
    .option('--out <file>', 'otherwise to standard output')
    .action(async (id: string, flags: ExportFlags) =>
      (await import('./refill/export.ts')).exportSheet(id, {
        ...refill.opts<BridgeFlags>(),
        ...flags,
      }),
    )
}
