import { connectRemote, openRemote } from '@go-go-scope/persistence-core/remote'
import { expect, test } from 'vitest'
import { proveCell } from '../cells/prove-cell.js'
import { serveForEachTest } from '../proof/remote/served-adapter.js'

proveCell()

const served = serveForEachTest()

test.each([openRemote, connectRemote] as ((peer: never, options: never) => Promise<object>)[])(
  'what is no option is refused by name before the owner is asked, and the port can be used: %o',
  async (connect) => {
    const port = served.port() as never
    for (const [given, says] of [
      [{ connectTimeot: 5 }, /"connectTimeot"; did you mean connectTimeout\?/],
      [{ clok: {} }, /"clok"; did you mean clock\?/],
      [{ busyTimeout: 5 }, /"busyTimeout"/],
      [{ connectTimeout: 0 }, /connectTimeout must be a positive number of ms, got 0/],
      [{ connectTimeout: '5' }, /connectTimeout must be a positive number of ms, got "5"/],
      [{ clock: {} }, /option clock must be an object with now/],
      [null, /options must be an object with .*, got null/],
      [[], /options must be an object with .*, got \[\]/],
      [Promise.resolve({}), /a promise that was not awaited/],
    ] as const) {
      await expect(connect(port, given as never)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(says),
      })
    }
    const connected = (await connect(port, { connectTimeout: Number.POSITIVE_INFINITY } as never)) as {
      close?(): Promise<void>
      disconnect?(): Promise<void>
    }
    expect(served.server.clients()).toHaveLength(1)
    await (connected.close?.() ?? connected.disconnect?.())
  },
)
