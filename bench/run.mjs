// `npm run bench -- [NAME] [--flush MS] [options of the bench]`: builds the benches and runs one; if none is
// named, the suite, for which it also builds the program and installs the peers, apart from it. A part of the suite
// that is no program of its own (paths, snapshot, cold) is run by the suite. `--flush MS` (Linux, with strace) lets
// every fdatasync and fsync take that much longer, for all that are compared: many virtual disks answer before
// anything is on a medium.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const asked = args[0]?.startsWith('-') === false ? args.shift() : 'suite'
const ofSuite = ['paths', 'snapshot', 'cold'].includes(asked)
const name = ofSuite ? 'suite' : asked
if (ofSuite) args.push('--only', asked)
const at = args.indexOf('--flush')
const [, flush] = at < 0 ? [] : args.splice(at, 2)

const run = (command, rest) => {
  const { status, error } = spawnSync(command, rest, { cwd: root, stdio: 'inherit' })
  if (error) console.error(`${command} cannot be started: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'bench'])
const file = join('.cache', 'bench', 'bench', `${name}.js`)
if (!existsSync(join(root, file))) {
  console.error(`There is no bench called ${name}: see bench/README.md.`)
  process.exit(2)
}
if (['suite', 'memory'].includes(name) && !args.includes('--readme')) {
  run(process.execPath, [join('tools', 'build.mjs')])
}
if (name === 'suite' && !args.includes('--readme')) {
  if (!existsSync(join(root, 'bench', 'peers', 'node_modules'))) {
    run('npm', ['ci', '--prefix', join('bench', 'peers'), '--ignore-scripts', '--no-progress'])
  }
}
const program = [process.execPath, '--expose-gc', file, ...args]
if (flush === undefined) run(program[0], program.slice(1))
else {
  const us = Math.round(Number(flush) * 1_000)
  if (!(us > 0)) {
    console.error('--flush takes milliseconds, such as 1.')
    process.exit(2)
  }
  const slow = ['fdatasync', 'fsync'].flatMap((call) => ['-e', `inject=${call}:delay_exit=${us}`])
  const only = ['-f', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync']
  run('strace', [...only, ...slow, ...program])
}
