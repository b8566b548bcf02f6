// `npm run build`: installs and builds what is missing, and no more.
import { orSay, setUp } from './setup.mjs'

await orSay(() => setUp())
