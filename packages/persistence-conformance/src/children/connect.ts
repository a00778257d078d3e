import type { Work } from './work.js'

// An order is `open <path>`.
export const connect: Work = (engine) => ({
  async order([, path = '']) {
    const adapter = await engine.SQLiteAdapter.open(path, { keyPrefix: 'app:' })
    const result = await adapter.idempotency.get('pay-1')
    await adapter.disconnect()
    return { expiresAt: result?.expiresAt }
  },
})
