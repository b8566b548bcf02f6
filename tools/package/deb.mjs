// `npm run package:deb`: the Debian package of this clone, in dist/package/. It needs dpkg-deb and nothing from the
// network. The program runs on the system's Node, which is a dependency: Debian 13 has it, and whoever keeps the
// system safe keeps Node safe. The packages of Node that it uses are inside, as they were tested.
//
//   node tools/package/deb.mjs [--version VERSION] [--out DIRECTORY]
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { orSay, root, setUp } from '../setup.mjs'
import { manPage } from './man.mjs'
import { layTree, manifest, setModes } from './tree.mjs'

const { values } = parseArgs({
  options: { version: { type: 'string' }, out: { type: 'string' } },
})
const version = values.version ?? manifest.version
const out = values.out ?? join(root, 'dist', 'package')
const MAINTAINER = process.env.DEBEMAIL ?? 'wandbridge <wandbridge@users.noreply.github.com>'
const SHORT = 'read-only bridge from the wands of implanted pumps to clinic software'
const ARCHES = { x64: 'amd64', arm64: 'arm64' }
const arch = ARCHES[process.arch]

const stage = mkdtempSync(join(tmpdir(), 'wandbridge-deb-'))
try {
  await orSay(() => setUp())
  console.log(build())
} finally {
  rmSync(stage, { recursive: true, force: true })
}

function build() {
  if (process.platform !== 'linux' || !arch) throw new Error('A Debian package is made on Linux.')
  const lib = join(stage, 'usr', 'lib', 'wandbridge')
  mkdirSync(lib, { recursive: true })
  const packages = layTree(lib, 'linux', process.arch)
  // Debian's C library is glibc.
  drop(lib, (path) => path.includes('musl'))
  for (const name of ['wandbridge', 'wand-conform']) {
    mkdirSync(join(stage, 'usr', 'bin'), { recursive: true })
    symlinkSync(`../lib/wandbridge/dist/bin/${name}.js`, join(stage, 'usr', 'bin', name))
    write(
      `usr/share/man/man1/${name}.1.gz`,
      zipped(manPage(join(lib, 'dist/bin', `${name}.js`), name, version)),
    )
  }
  const files = {
    'systemd/wandbridge.service': 'usr/lib/systemd/system/wandbridge.service',
    'systemd/wandbridge.sysusers': 'usr/lib/sysusers.d/wandbridge.conf',
    'systemd/wandbridge.tmpfiles': 'usr/lib/tmpfiles.d/wandbridge.conf',
    'udev/70-wandbridge.rules': 'usr/lib/udev/rules.d/70-wandbridge.rules',
    'config/wandbridge.yaml': 'etc/wandbridge/wandbridge.yaml',
    'desktop/wandbridge.desktop': 'usr/share/applications/wandbridge.desktop',
    'debian/lintian-overrides': 'usr/share/lintian/overrides/wandbridge',
  }
  for (const [from, to] of Object.entries(files)) put(join(root, 'deploy', from), to)
  const doc = 'usr/share/doc/wandbridge'
  write(`${doc}/copyright`, copyright(packages))
  write(`${doc}/changelog.gz`, zipped(changelog()))
  for (const name of readdirSync(join(root, 'docs')))
    if (name.endsWith('.md')) put(join(root, 'docs', name), `${doc}/${name}`)
  for (const folder of ['prometheus', 'grafana'])
    cpSync(join(root, 'deploy', folder), join(stage, doc, 'examples', folder), { recursive: true })
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(join(root, 'deploy', 'debian', script), `DEBIAN/${script}`)
  write('DEBIAN/conffiles', '/etc/wandbridge/wandbridge.yaml\n')
  chmodSync(stage, 0o755)
  setModes(stage, (path) => /\/DEBIAN\/p|\/dist\/bin\/(wandbridge|wand-conform)\.js$/.test(path))
  write('DEBIAN/control', control())
  write('DEBIAN/md5sums', sums())
  mkdirSync(out, { recursive: true })
  const file = join(out, `wandbridge_${version}_${arch}.deb`)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z3', '--build', stage, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(made()) },
  })
  return file
}

function control() {
  const [, low, high] = /^>=([\d.]+) <([\d.]+)$/.exec(manifest.engines.node)
  return [
    'Package: wandbridge',
    `Version: ${version}`,
    `Architecture: ${arch}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${Math.ceil(size(stage) / 1024)}`,
    `Depends: nodejs (>= ${low}), nodejs (<< ${high}~), libc6, libstdc++6, libgcc-s1, libudev1, libusb-1.0-0, libsystemd0, systemd | systemd-standalone-sysusers`,
    'Recommends: udev',
    'Section: science',
    'Priority: optional',
    `Description: ${SHORT}`,
    ' wandbridge reads implanted intrathecal pumps through the wand of their',
    ' programmer, where the wand speaks the open wand protocol. It only reads: it',
    ' cannot program a pump. What was read is kept in a log that nobody can change',
    ' unseen, and given to clinic software as REST, FHIR and HL7.',
    ' .',
    ' It is not a medical device and not for patient care.',
    '',
  ].join('\n')
}

function changelog() {
  const date = new Date(made() * 1000).toUTCString().replace('GMT', '+0000')
  return `wandbridge (${version}) unstable; urgency=medium\n\n  * As the clone it was made from.\n\n -- ${MAINTAINER}  ${date}\n`
}

/** Seconds since 1970 of the last commit: the same clone makes the same package. */
function made() {
  const told = process.env.SOURCE_DATE_EPOCH
  if (told) return Number(told)
  try {
    return Number(
      execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }),
    )
  } catch {
    return Math.floor(statSync(join(root, 'package.json')).mtimeMs / 1000)
  }
}

/** Whose each part is, and under which words it may be given on. */
function copyright(packages) {
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').includes('Apache License')
  if (!own) throw new Error('LICENSE is not Apache 2.0 any more: change the copyright file, too.')
  const parts = packages.map((path) => {
    const {
      name,
      version: of,
      license,
    } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, path)).find((one) => /^(licen[cs]e|copying)/i.test(one))
    const apache = license === 'Apache-2.0'
    const text = apache
      ? 'See above.'
      : file
        ? readFileSync(join(root, path, file), 'utf8').trim()
        : `Licence: ${license}`
    return `${'-'.repeat(72)}\n${name} ${of}, in /usr/lib/wandbridge/node_modules (${license}):\n\n${text}\n`
  })
  return [
    'wandbridge. Copyright: the contributors of wandbridge.',
    '',
    'Licensed under the Apache License, Version 2.0. On Debian systems its text is in',
    '/usr/share/common-licenses/Apache-2.0.',
    '',
    'Parts by others:',
    '',
    ...parts,
  ].join('\n')
}

function put(from, to) {
  mkdirSync(dirname(join(stage, to)), { recursive: true })
  copyFileSync(from, join(stage, to))
}

function write(to, text) {
  mkdirSync(dirname(join(stage, to)), { recursive: true })
  writeFileSync(join(stage, to), text)
}

function zipped(text) {
  return gzipSync(text, { level: 9 })
}

function filesIn(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() ? [path] : []
  })
}

function size(dir) {
  return filesIn(dir).reduce((sum, path) => sum + statSync(path).size, 0)
}

function drop(dir, wanted) {
  for (const path of filesIn(dir)) if (wanted(path)) rmSync(path)
}

function sums() {
  const paths = filesIn(stage)
    .map((path) => path.slice(stage.length + 1))
    .filter((path) => !path.startsWith('DEBIAN/') && !path.startsWith('etc/'))
    .sort()
  return execFileSync('md5sum', paths, { cwd: stage, encoding: 'utf8', maxBuffer: 1 << 24 })
}
