/**
 * @typedef {object} Outcomes
 * @property {string[]} acknowledged names of the writes that were answered
 * @property {unknown[]} codes of those that were refused, or the error itself where it has none
 */

const PADDING = 'x'.repeat(20_000)

/**
 * Writes one by one and in a wave.
 *
 * @param {Awaited<ReturnType<import('@go-go-scope/persistence-conformance').EngineUnderTest['SQLiteAdapter']['open']>>} adapter
 * @param {string} name of these writes; never the same twice
 * @param {Outcomes} outcomes
 */
export async function writeMixed(adapter, name, outcomes) {
  /**
   * @param {string} part
   * @param {(key: string) => Promise<unknown>} work
   */
  const attempt = async (part, work) => {
    try {
      await work(`${part} ${name}`)
      outcomes.acknowledged.push(`${part} ${name}`)
    } catch (error) {
      const { _tag, code } = /** @type {{ _tag?: unknown, code?: unknown }} */ (error)
      outcomes.codes.push(_tag === 'PersistenceError' ? code : String(error))
    }
  }
  await attempt('cache', (key) => adapter.cache.set(key, PADDING))
  await attempt('result', (key) => adapter.idempotency.set(key, 1))
  await attempt('failure', () => adapter.recordFailure('api', 1_000_000))
  await attempt('rows', (key) => adapter.cache.setMany([0, 1, 2].map((row) => [`${key} ${row}`, 1])))
  await Promise.all(
    Array.from({ length: 6 }, (_, at) =>
      at % 2 === 0
        ? attempt(`cache-${at}`, (key) => adapter.cache.set(key, PADDING))
        : attempt(`result-${at}`, (key) => adapter.idempotency.set(key, 1)),
    ),
  )
}
