import { hostOverProviders } from '../over-providers.js'
import { databaseOfTest } from './database-of-test.js'

hostOverProviders('two adapters on one database', async () => {
  const database = await databaseOfTest()
  const providers = await database.open({ locks: 'database' })
  const second = await database.open({ locks: 'database' })
  return {
    providers,
    second,
    async close() {
      await second.disconnect()
      await providers.disconnect()
      await database[Symbol.asyncDispose]()
    },
  }
})

hostOverProviders('one adapter', async () => {
  const database = await databaseOfTest()
  const providers = await database.open({ locks: 'process' })
  return {
    providers,
    second: providers,
    async close() {
      await providers.disconnect()
      await database[Symbol.asyncDispose]()
    },
  }
})
