import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { accepts } from '../harness/accepts.mjs'
import { program, SQLiteAdapter, scopedbHere } from './scopedb.js'

let folder: string
let path: string
let end: (() => Promise<number | null>) | undefined

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scopedb-serve-'))
  path = join(folder, 'app.db')
  await using persistence = await SQLiteAdapter.open(path, { locks: 'database' })
  await persistence.lock.acquire('nightly', 600_000, 'the operator')
  await persistence.cache.set('session', 'a secret value')
  await using shop = await SQLiteAdapter.open(path, { locks: 'database', keyPrefix: 'shop:' })
  await shop.lock.acquire('nightly', 600_000, 'the shop')
})
afterEach(() => end?.())
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts `scopedb serve`. @returns the parts of the printed address. */
async function serve(...args: readonly string[]): Promise<{ address: URL; token: string; port: number }> {
  const child = spawn(process.execPath, [program, path, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  end = () => {
    end = undefined
    child.kill('SIGTERM')
    return ended
  }
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const line = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  if (!Array.isArray(line)) throw new Error(`it ended: ${err}`)
  const address = new URL(line[0])
  // Behind a proxy the address is the proxy's, and the port that it listens on is printed to stderr.
  if (address.port === '') await expect.poll(() => err).toContain('port')
  const port = Number(address.port || /port (\d+)/.exec(err)?.[1])
  return { address, token: address.hash.replace('#token=', ''), port }
}

const overview = (address: string, token: string): Promise<Response> =>
  fetch(`${address}/?view=overview`, { headers: { authorization: `Bearer ${token}` } })

const change = (address: string, token: string, action: object): Promise<Response> =>
  fetch(address, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(action),
  })

const tokens: string[] = []
const ownAddresses = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses)

describe('scopedb serve', () => {
  test('prints an address that shows who holds a lock, on this machine only, and ends on a signal', async () => {
    const { address, token, port } = await serve()
    // A request that is never complete does not keep the program from ending.
    const slow = connect(port, '127.0.0.1').on('error', () => undefined)
    slow.write('GET / HTTP/1.1\r\n')
    expect(address.hostname).toBe('127.0.0.1')
    expect(token).toMatch(/^[\da-f-]{36}$/)
    const origin = `http://127.0.0.1:${port}`
    expect(await (await fetch(origin)).text()).toContain('<title>Inspector</title>')
    expect((await fetch(`${origin}/?view=overview`)).status).toBe(403)
    const shown = await (await overview(origin, token)).json()
    expect(shown).toMatchObject({
      locks: { items: [{ key: 'nightly', owner: 'the operator' }, { owner: 'the shop' }] },
      values: false,
    })
    expect(JSON.stringify(shown)).not.toContain('a secret value')
    expect((await change(origin, token, { do: 'prune', prefix: '' })).status).toBe(403)
    for (const { address, internal, family } of ownAddresses) {
      // A link-local address needs a zone.
      if (address.startsWith('fe80')) continue
      const own = address === '127.0.0.1' || address === '::1'
      expect(await accepts(port, address), `${family} ${address}, ${internal ? 'internal' : 'of a network'}`).toBe(own)
    }
    tokens.push(token)
    expect(await end?.()).toBe(0)
  })

  test('has a new token each time, and shows values and makes changes if its options allow it', async () => {
    const { token, port } = await serve('--values', '--write')
    expect(tokens).toHaveLength(1)
    expect(tokens).not.toContain(token)
    const query = 'view=value&of=entries&prefix=&key=session'
    const response = await fetch(`http://127.0.0.1:${port}/?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await response.json()).toEqual({ text: "'a secret value'" })
    const origin = `http://127.0.0.1:${port}`
    type Shown = { locks: { items: { prefix: string; token: number }[] } }
    const lists = async () => (await (await overview(origin, token)).json()) as Shown
    const seen = (await lists()).locks.items.find(({ prefix }) => prefix === 'shop:')
    const release = { do: 'lock release', prefix: 'shop:', key: 'nightly', token: seen?.token }
    expect((await change(origin, `${token}x`, release)).status).toBe(403)
    const answers = [await change(origin, token, release), await change(origin, token, release)]
    expect(answers.map(({ status }) => status)).toEqual([200, 409])
    expect(await answers[0]?.json()).toEqual({ done: 'the lock nightly is free' })
    expect((await lists()).locks.items).toMatchObject([{ prefix: '', key: 'nightly' }])
  })

  test('listens at another address only for a TLS proxy whose name is given', async () => {
    const alone = await scopedbHere(path, 'serve', '--host', '0.0.0.0')
    expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('--behind-tls')])
    const { address, port } = await serve('--host', '127.0.0.1', '--behind-tls', 'inspect.example.com')
    expect(address.origin).toBe('https://inspect.example.com')
    const status = async (host: string) => {
      const socket = connect(port, '127.0.0.1')
      socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      const [head] = await once(socket.setEncoding('utf8'), 'data')
      socket.destroy()
      return head.slice(9, 12)
    }
    expect(await status('inspect.example.com')).toBe('200')
    expect(await status('other.example.com')).toBe('403')
  })

  test('refuses a port that is in use or invalid', async () => {
    const other = createServer()
    await once(other.listen(0, '127.0.0.1'), 'listening')
    const { port } = other.address() as { port: number }
    const { code, err } = await scopedbHere(path, 'serve', '--port', String(port))
    other.close()
    expect([code, err]).toEqual([2, expect.stringContaining(`the port ${port} is taken`)])
    const beyond = await scopedbHere(path, 'serve', '--port', '65536')
    expect([beyond.code, beyond.err]).toEqual([2, expect.stringContaining('from 1 to 65535')])
  })
})
