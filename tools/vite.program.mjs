// The programs `wandbridge` and `wand-conform`.
import { packed } from './pack.mjs'

export default packed('dist/bin', {
  wandbridge: 'src/cli/main.ts',
  'wand-conform': 'conformance/main.ts',
})
