// The service. Start any number of processes. They share the database.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { readCommandLine, UsageError } from '../../scripts/command-line.mjs'
import '../end-with-reader.ts'
import { Metrics } from '../metrics/metrics.ts'
import { createApp } from './app.ts'
import { Bank } from './bank.ts'
import { BankStandIn } from './bank-stand-in.ts'
import { type Cron, every } from './cron.ts'
import { openDatabase, startBackups } from './database.ts'
import { Payouts } from './payouts.ts'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const usage = `An HTTP service: cache, payments that are made once, a circuit breaker, jobs, backups.

  node service.ts [options]

  --database <file|url>   a file, or the URL of a PostgreSQL database (default: service.db beside this file)
  --backups <folder>      of the file (default: backups beside this file)
  --bank <url>            the bank (default: one that this process plays)
  --port <number>         where it listens (default: any)
  --report-every <ms>     how often a report is due (default: a minute)
  --token <text>          who may open the inspector (default: made up, and printed)
  -h, --help`

const values = readCommandLine(usage, (args) => {
  const { values } = parseArgs({
    args,
    options: {
      database: { type: 'string', default: here('service.db') },
      backups: { type: 'string', default: here('backups') },
      bank: { type: 'string' },
      port: { type: 'string', default: '0' },
      'report-every': { type: 'string', default: '60000' },
      token: { type: 'string', default: randomUUID() },
    },
  })
  const whole = (name: 'port' | 'report-every', least: number, most: number): number => {
    const number = Number(values[name])
    if (Number.isInteger(number) && number >= least && number <= most) return number
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, got ${values[name]}`)
  }
  return { ...values, port: whole('port', 0, 65_535), reportEvery: whole('report-every', 1, 86_400_000) }
})

const persistence = await openDatabase(values.database)
const backups = await startBackups(persistence, values.backups)
const standIn = values.bank === undefined ? await BankStandIn.start() : undefined
const bank = new Bank(values.bank ?? (standIn as BankStandIn).url, persistence.circuitBreaker)
const payouts = new Payouts(persistence, bank)
const metrics = new Metrics([persistence])
const { token, reportEvery } = values
const app = createApp({ persistence, backups, bank, payouts, metrics, token })
const server = createAdaptorServer({ fetch: app.fetch })

const ending = new AbortController()
const cron: Cron = { lock: persistence.lock, signal: ending.signal, onError: (error) => console.error(error) }
const jobs = [
  every(1_000, 'payouts', (signal) => payouts.goOn(signal), cron),
  every(reportEvery, 'report', report, cron),
]

server.listen(values.port, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
console.log(`http://127.0.0.1:${port}`)
console.log(`http://127.0.0.1:${port}/inspector#token=${token}`)

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)

/** Makes one report per period. The lock excludes other processes, and the cache stores the last period. */
async function report(): Promise<void> {
  const period = Math.floor(Date.now() / reportEvery)
  const last = await persistence.cache.get<{ period: number }>('report')
  if (last !== null && last.period >= period) return
  const { charges } = await bank.statement(period)
  await persistence.cache.set('report', { period, charges })
}

/** Finishes the open requests and jobs, then closes the database. */
async function stop(): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
  ending.abort()
  await Promise.all(jobs)
  await backups?.stop()
  await metrics.stop()
  await persistence.disconnect()
  await standIn?.stop()
}
