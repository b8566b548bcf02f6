// Before any schema is made: zod must not try to compile one, which the page's Content-Security-Policy
// would refuse and report.
import { config } from 'zod'

config({ jitless: true })
