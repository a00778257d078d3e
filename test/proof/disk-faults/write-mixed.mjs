/**
 * @typedef {object} Outcomes
 * @property {string[]} acknowledged names of the acknowledged writes
 * @property {unknown[]} codes of the refused writes; an error without a code is kept itself
 */

const PADDING = 'x'.repeat(20_000)

/**
 * Writes one by one, and then many at once.
 *
 * @param {Awaited<ReturnType<import('@go-go-scope/persistence-conformance').EngineUnderTest['SQLiteAdapter']['open']>>} adapter
 * @param {string} name of these writes; unique per call
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
