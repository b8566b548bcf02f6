// The program `wandbridge`.
import { packed } from './pack.mjs'

export default packed('dist/bin', { wandbridge: 'src/cli/main.ts' })
