// The technician's page. It follows the bridge and draws what is known, each second anew for the ages;
// it can ask for nothing but what is known.
import './jitless.ts'
import './style/page.css'
import './style/parts.css'
import './style/strip.css'
import './style/print.css'
import { render } from 'preact'
import { systemClock } from '../src/client/index.ts'
import { readerOf } from '../src/words/reader.ts'
import { App } from './app.tsx'
import { Feed } from './feed.ts'

const { lang, dataset } = document.documentElement
const reader = readerOf(lang, dataset['zone'] ?? '')
const root = document.getElementById('page') as HTMLElement

const feed = new Feed(systemClock, () => {
  render(<App shown={feed.shown()} reader={reader} />, root)
})
