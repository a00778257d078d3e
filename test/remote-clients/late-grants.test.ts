import { ManualClock } from '@go-go-scope/persistence-conformance'
import { connectRemote, serve } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { engine } from '../cells/cell.js'
import { proveCell } from '../cells/prove-cell.js'
import { ProcessPair } from '../proof/remote/process-pair.js'

proveCell()

const TTL = 60_000

test.each(['a lock', 'a claim'])(
  '%s that was granted before the machine was suspended past the lease is over when the grant arrives',
  async (what) => {
    const clock = new ManualClock()
    await using adapter = await engine.SQLiteAdapter.open(':memory:', { clock, locks: 'database' })
    await using server = serve(adapter)
    const pair = new ProcessPair()
    server.attach(pair.owner as never)
    await using remote = await connectRemote(pair.client as never, { clock })
    const ask = async () =>
      what === 'a lock' ? remote.acquire('k', TTL) : remote.idempotency.claim('k', { lease: TTL })
    const suspend = () => clock.jump(TTL)
    pair.client.prependListener('message', suspend)
    const held = (await ask()) as { readonly signal: AbortSignal }
    pair.client.off('message', suspend)
    expect(held.signal.aborted).toBe(true)
    const next = (await ask()) as { readonly signal: AbortSignal }
    expect(next.signal.aborted).toBe(false)
  },
)
