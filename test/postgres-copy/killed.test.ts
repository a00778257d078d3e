import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { proveCell } from '../postgres/cell.js'
import { serverUrl } from '../postgres/server/places.mjs'
import { printedSeed } from '../proof/printed-seed.js'
import { proofCount } from '../proof/proof-count.js'
import { seededRandom } from '../proof/seeded-random.mjs'
import { fillEveryKind } from './every-kind.js'
import { fingerprints, newPlace, onFile } from './moved-store.js'

proveCell()

const COMMAND = fileURLToPath(new URL('../../packages/persistence-postgres/bin.mjs', import.meta.url))
const ENTRIES = proofCount({ inTests: 6_000, inSoak: 1_000_000 })
const KILLS = proofCount({ inTests: 2, inSoak: 2 })
const LIMIT_MS = proofCount({ inTests: 120_000, inSoak: 1_800_000 })

/** Forwards between the command and the server, and kills the command after a number of bytes. */
class KillingProxy {
  readonly url: string
  passed = 0
  #victim: ChildProcess | undefined
  #limit = Number.POSITIVE_INFINITY
  readonly #server: Server

  static async start(): Promise<KillingProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new KillingProxy(server)
  }

  private constructor(server: Server) {
    const { hostname, port } = new URL(serverUrl())
    this.#server = server
    server.on('connection', (socket) => {
      const upstream = connect(Number(port), hostname)
      for (const [from, to] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        from.on('data', (data) => {
          this.passed += data.length
          if (this.passed >= this.#limit) this.#victim?.kill('SIGKILL')
          to.write(data)
        })
        // The kill comes during a transfer, so both sockets may report an error or an end.
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
    })
    const url = new URL(serverUrl())
    url.port = String((server.address() as { port: number }).port)
    this.url = url.href
  }

  /** @param limit Bytes. */
  aim(victim: ChildProcess, limit: number): void {
    this.passed = 0
    this.#victim = victim
    this.#limit = limit
  }

  stop(): void {
    this.#server.close()
  }
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function run(proxy: KillingProxy, limit: number, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, 'copy', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  proxy.aim(child, limit)
  let [out, err] = ['', '']
  child.stdout.on('data', (data) => (out += data))
  child.stderr.on('data', (data) => (err += data))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

test(
  'a command killed at random points resumes, in both directions, and the sides are equal in the end',
  async () => {
    const random = seededRandom(printedSeed('killed copies'))
    const place = await newPlace()
    const back = `${place.file}.back`
    const filled = await onFile(place.file)
    await fillEveryKind(filled, ENTRIES)
    await filled.disconnect()
    const proxy = await KillingProxy.start()
    try {
      let total = 60 * ENTRIES
      const results: Ended[] = []
      for (const args of [
        [place.file, proxy.url],
        [proxy.url, back],
      ]) {
        let kills = 0
        for (;;) {
          const limit = kills < KILLS ? 2_000 + random() * total : Number.POSITIVE_INFINITY
          const ended = await run(proxy, limit, [...args, '--schema', place.schema])
          if (ended.code === 0) {
            results.push(ended)
            break
          }
          expect(ended.code, ended.err).toBe(null)
          kills += 1
        }
        expect(kills).toBeGreaterThan(0)
        total = proxy.passed / 2
      }
      const [there, again] = results.map(({ out }) => fingerprints(JSON.parse(out)))
      expect(there?.cache?.rows).toBe(ENTRIES + 2)
      expect(again).toEqual(there)
      expect(results[0]?.err).toMatch(/copying cache: [\d,]+ of [\d,]+ rows of all tables, [\d,]+ rows\/s, \d+ s left/)
      expect(await (await onFile(back)).cache.get('k17')).toEqual({ index: 17, at: new Date(17) })
    } finally {
      proxy.stop()
    }
  },
  LIMIT_MS,
)
