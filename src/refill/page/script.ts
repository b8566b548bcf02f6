// The one program of the worksheet's pages. Everything works without it; with it, the button prints, and
// what is typed and not yet written down survives a reload, a closed browser and a power cut. It stays in
// this browser, for this origin, until its step is written, twelve hours at most.

export const SCRIPT = `'use strict'
document.getElementById('print')?.addEventListener('click', () => print())

const HOURS_12 = 43200000
const sheet = location.pathname.startsWith('/sheet/') ? location.pathname.split('/')[2] : ''
const form = document.querySelector('form')
const step = form?.elements.namedItem('step')?.value ?? ''
const key = 'draft ' + sheet + ' ' + step
const fields = form ? [...form.elements].filter((one) => one.name && one.type !== 'hidden') : []

for (const name of Object.keys(localStorage)) {
  if (!name.startsWith('draft ') || name === key) continue
  const { at } = JSON.parse(localStorage.getItem(name))
  const written = name.startsWith('draft ' + sheet + ' ') || name.startsWith('draft  ')
  if (written || Date.now() - at > HOURS_12) localStorage.removeItem(name)
}

// What the server gives back, it gives back with its reasons: that goes before what was kept.
const kept = JSON.parse(localStorage.getItem(key) ?? 'null')
const empty = fields.every((one) => (one.type === 'radio' ? !one.checked : one.value === ''))
if (kept && empty && Date.now() - kept.at <= HOURS_12) {
  for (const one of fields) {
    if (one.type === 'radio') one.checked = kept.values[one.name] === one.value
    else one.value = kept.values[one.name] ?? ''
  }
}

form?.addEventListener('input', () => {
  const values = {}
  for (const one of fields) if (one.type !== 'radio' || one.checked) values[one.name] = one.value
  localStorage.setItem(key, JSON.stringify({ at: Date.now(), values }))
})
`
