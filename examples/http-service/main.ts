// Starts the service twice on one database, puts it under load, kills one of the two processes, and prints what that proved.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { verifyBackup } from '@go-go-scope/persistence'
import { readCommandLine, UsageError } from '../../scripts/command-line.mjs'
import { startServer } from '../../test/postgres/server/start-server.mjs'
import '../end-with-reader.ts'
import { BankStandIn } from './bank-stand-in.ts'
import { proved } from './proved.ts'
import { type Answer, ServiceProcess } from './service-process.ts'

const frontEnd = readCommandLine(
  `Starts the HTTP service twice on one database, uses it hard, kills one of the two, and prints what it proved.

  node main.ts [--front-end <name>]

  --front-end <name>   sqlite or postgres (default: sqlite); postgres starts a server, which ends with this process
  -h, --help`,
  (args: string[]) => {
    const { values } = parseArgs({ args, options: { 'front-end': { type: 'string', default: 'sqlite' } } })
    if (/^(sqlite|postgres)$/.test(values['front-end'])) return values['front-end']
    throw new UsageError(`--front-end must be sqlite or postgres, got ${values['front-end']}`)
  },
)

const folder = await mkdtemp(join(tmpdir(), 'http-service-'))
const server = frontEnd === 'postgres' ? await startServer() : undefined
const place = server?.url ?? join(folder, 'service.db')
const bank = await BankStandIn.start()
const token = randomUUID()
const options = ['--database', place, '--backups', join(folder, 'backups'), '--bank', bank.url, '--token', token]
options.push('--report-every', '100')
const one = await ServiceProcess.start(options)
const other = await ServiceProcess.start(options)

await cache()
await payments()
await metrics()
await breaker()
const survivor = await killedJob()
await reports()
if (server === undefined) await backup()
await end()

await bank.stop()
await server?.stop()
await rm(folder, { recursive: true })

async function cache(): Promise<void> {
  const ask = (service: ServiceProcess) => times(300, (n) => service.get(`/rates/${['EUR', 'ISK', 'JPY'][n % 3]}`))
  const first = await ask(one)
  const loads = sum(bank.requests('/rates/'))
  proved(`cache: 300 requests for 3 rates: ${loads} loads`, count(200, first) === 300 && loads === 3)
  const second = await ask(other)
  const more = sum(bank.requests('/rates/')) - loads
  proved(`cache: 300 more at the other process: ${more} loads`, count(200, second) === 300 && more === 0)
}

async function payments(): Promise<void> {
  const key = randomUUID()
  const pay = (n: number, amount = 120) => (n % 2 === 0 ? one : other).post('/payments', { amount }, key)
  const answers = await times(200, (n) => pay(n))
  const charges = sum(bank.requests(`/charges/ada/${key}`))
  const { size: receipts } = new Set(answers.map(({ body }) => body))
  proved(
    `payments: 200 POSTs with one key, half of them at each process: ${charges} charge, ${receipts} receipt`,
    count(201, answers) === 200 && charges === 1 && receipts === 1,
  )
  const { status } = await pay(0, 999)
  proved(`payments: the key again, with another amount: ${status}`, status === 422)
}

async function metrics(): Promise<void> {
  const texts = await Promise.all([one, other].map((service) => service.get('/metrics')))
  const claims = (outcome: string) => {
    const figures = new RegExp(`^go_go_scope_claim_outcomes_total\\{.*outcome="${outcome}".*\\} (\\d+)`, 'gm')
    return sum(texts.flatMap(({ body }) => [...body.matchAll(figures)].map(([, figure]) => Number(figure))))
  }
  const [claimed, replayed, mismatch] = [claims('claimed'), claims('replayed'), claims('mismatch')]
  proved(
    `metrics: of those POSTs ${claimed} claimed the key, ${replayed} were sent its answer, ${mismatch} did not match`,
    claimed === 1 && replayed === 199 && mismatch === 1,
  )
}

async function breaker(): Promise<void> {
  const pay = (service: ServiceProcess) => service.post('/payments', { amount: 5 }, randomUUID())
  const before = sum(bank.requests('/charges/'))
  bank.down = true
  const failed = count(502, [await pay(one), await pay(one), await pay(one)])
  const answers = await times(50, () => pay(other))
  const refused = count(503, answers)
  const calls = sum(bank.requests('/charges/')) - before
  proved(
    `breaker: the bank fails ${failed} calls of one process: ${refused} of 50 requests of the other are refused without a call`,
    // If this takes longer than the reset timeout, some of the 50 calls were probes.
    failed === 3 && refused >= 40 && calls === failed + answers.length - refused,
  )
  bank.down = false
  await delay(1000 * Number(answers.findLast(({ status }) => status === 503)?.headers.get('retry-after')))
  const { status } = await pay(other)
  proved(`breaker: after Retry-After one call is let through and closes the circuit: ${status}`, status === 201)
}

/** Kills the process that runs a job. @returns the process that survives */
async function killedJob(): Promise<ServiceProcess> {
  const people = 40
  const { id } = JSON.parse((await one.post('/payouts', { people }, randomUUID())).body)
  const { reached, release } = bank.hold(`/charges/${id}/25`)
  await reached
  const holder = await inspected(id)
  const [killed, left] = holder === one.pid ? [one, other] : [other, one]
  await killed.end('SIGKILL')
  release()
  while (JSON.parse((await left.get(`/payouts/${id}`)).body).done < people) await delay(50)

  const requests = bank.requests(`/charges/${id}/`)
  proved(
    `job: kill -9 in the middle of step 25 of ${people}: the other process continued at ${requests.indexOf(2)}, no other step was repeated`,
    requests.length === people && requests.indexOf(2) === 25 && sum(requests) === people + 1,
  )
  return left
}

async function reports(): Promise<void> {
  while (bank.requests('/statements/').length < 5) await delay(50)
  const periods = bank.requests('/statements/')
  const repeated = periods.filter((requests) => requests > 1).length
  proved(
    `cron: reports of ${periods.length} periods by two processes, ${repeated} made twice, ${bank.mostStatements} at a time`,
    repeated === 0 && bank.mostStatements === 1,
  )
}

async function backup(): Promise<void> {
  const { status, body } = await survivor.post('/backups', {}, randomUUID())
  const { path } = JSON.parse(body)
  const { bytes, sha256 } = await verifyBackup(path)
  proved(`backup: ${bytes} bytes, verified: sha256 ${sha256.slice(0, 12)}…`, status === 201)
}

async function end(): Promise<void> {
  const keys = Array.from({ length: 5 }, () => randomUUID())
  const holds = keys.map((key) => bank.hold(`/charges/ada/${key}`))
  const underWay = Promise.all(keys.map((key) => survivor.post('/payments', { amount: 5 }, key)))
  await Promise.all(holds.map(({ reached }) => reached))
  const ended = survivor.end('SIGTERM')
  for (const { release } of holds) release()
  const answers = await underWay
  const code = await ended
  proved(
    `end: SIGTERM during ${keys.length} requests: all answered, exit code ${code}`,
    count(201, answers) === keys.length && code === 0,
  )
}

/** Looks up a job on the inspector page. @returns the process that runs it */
async function inspected(id: string): Promise<number | undefined> {
  const { status } = await one.get('/inspector?view=overview')
  const { body } = await one.get('/inspector?view=overview', { authorization: `Bearer ${token}` })
  const { tasks, locks } = JSON.parse(body)
  const job = tasks.items.find(({ key }: { key: string }) => key === id)
  const lock = locks.items.find(({ key }: { key: string }) => key === 'payouts')
  const pid = lock?.process.pid
  proved(
    `inspector: the job is at ${job?.latest.progress} %, done by process ${pid}; without the token: ${status}`,
    job?.latest.progress === 62.5 && [one.pid, other.pid].includes(pid) && status === 403,
  )
  return pid
}

function count(status: number, answers: Answer[]): number {
  return answers.filter((answer) => answer.status === status).length
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function times<T>(count: number, call: (n: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => call(n)))
}
