import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { idempotent } from '@go-go-scope/idempotency-key'
import { withProcesses } from '@go-go-scope/persistence-conformance/process'
import { systemClock } from '@go-go-scope/persistence-core/public'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { type Member, otherMember, thisMember } from '../proof/process/members.js'
import { newPlace } from '../proof/process/new-place.js'
import { ProofProcess } from '../proof/process/proof-process.js'

const APP = new URL('../proof/integrations/app.mjs', import.meta.url)
const LEASE_MS = 30_000
const POST = { method: 'POST', body: 'order 1001', headers: { 'idempotency-key': 'key', 'content-type': 'text/plain' } }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'integrations-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const start = (member: Member, ...mode: string[]) =>
  new ProofProcess(member, APP, [newPlace(folder, 'app'), join(folder, 'runs'), ...mode])
const runs = (): string[] =>
  existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n') : []

async function pay(app: ProofProcess): Promise<{ status: number; body: string; replayed: boolean }> {
  const response = await fetch(`http://127.0.0.1:${await app.ask('serve')}/payments`, POST)
  const replayed = response.headers.get('idempotency-replayed') === 'true'
  return { status: response.status, body: await response.text(), replayed }
}

describe('apps in several processes on one file, Node and Bun', () => {
  test('of equal requests that reach both at the same time one is handled, and all get its response', async () => {
    const apps = [start(thisMember), start(otherMember)]
    await withProcesses(apps, async () => {
      for (const app of apps) await app.ready()
      const ports = await Promise.all(apps.map((app) => app.ask<number>('serve')))
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const response = await fetch(`http://127.0.0.1:${ports[index % 2]}/payments`, POST)
          return [response.status, await response.text(), response.headers.get('idempotency-replayed')]
        }),
      )
      expect(runs()).toHaveLength(1)
      expect(new Set(answers.map(([status, body]) => `${status} ${body}`))).toEqual(
        new Set([`201 receipt of order 1001 by ${runs()[0]}`]),
      )
      expect(answers.filter(([, , replayed]) => replayed === null)).toHaveLength(1)
    })
  }, 120_000)

  test('a request whose process was killed is refused until the lease is over, and then handled', async () => {
    const apps = [start(thisMember, 'hangs'), start(otherMember, 'hangs')]
    const [killed, other] = apps as [ProofProcess, ProofProcess]
    await withProcesses(apps, async () => {
      for (const app of apps) await app.ready()
      const cut = pay(killed).catch(() => 'cut')
      await expect.poll(runs, { timeout: 60_000 }).toHaveLength(1)
      await killed.kill()
      expect(await cut).toBe('cut')
      expect(await pay(other)).toMatchObject({ status: 409 })

      // The time after the lease.
      const clock = { ...systemClock, now: () => Date.now() + LEASE_MS }
      const later = await engine.SQLiteAdapter.open(newPlace(folder, 'app'), { clock })
      try {
        const handle = idempotent(() => new Response('receipt', { status: 201 }), {
          store: later.idempotency,
          scope: () => 'ada',
        })
        const handled = await handle(new Request('http://127.0.0.1/payments', POST))
        expect([handled.status, handled.headers.get('idempotency-replayed')]).toEqual([201, null])
      } finally {
        await later.disconnect()
      }
      expect(await pay(other)).toEqual({ status: 201, body: 'receipt', replayed: true })
    })
  }, 120_000)

  test('a Keyv of one process reads what a Keyv of the other has set, in its namespace only', async () => {
    const apps = [start(thisMember), start(otherMember)]
    const [one, other] = apps as [ProofProcess, ProofProcess]
    await withProcesses(apps, async () => {
      for (const app of apps) await app.ready()
      for (const namespace of ['a*b', 'a%b', 'a?b', 'a_b']) await one.ask(`set ${namespace} key ${namespace}`)
      for (const namespace of ['a*b', 'a%b', 'a?b', 'a_b']) {
        expect(await other.ask(`get ${namespace} key`)).toBe(namespace)
      }
      expect(await other.ask('get aXb key')).toBeNull()
    })
  }, 120_000)
})
