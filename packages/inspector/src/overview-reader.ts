import { surveyCache } from './cache-survey.js'
import { askedBy, partOf, readLists } from './lists.js'
import type { Inspectable, Settings } from './options.js'
import type { CacheSurvey, DatabaseStats, Overview } from './overview.js'
import { Paced } from './paced.js'
import { changeableBy } from './perform-action.js'

const PREFIXES = 100

/** Reads the data of the page. Lists are read on each request. Data that needs many rows is cached. */
export class OverviewReader {
  readonly #persistence: Inspectable
  readonly #settings: Settings
  readonly #database: Paced<Overview['database']>
  readonly #cache: Paced<CacheSurvey>

  constructor(persistence: Inspectable, settings: Settings) {
    const { clock } = settings
    this.#persistence = persistence
    this.#settings = settings
    this.#database = new Paced(async () => ({ ...(await readDatabase(persistence)), at: clock.now() }), clock)
    this.#cache = new Paced(() => surveyCache(persistence, clock.now()), clock)
  }

  /** @param query The requested part; see `askedBy`. */
  async read(query: URLSearchParams): Promise<Overview> {
    const asked = askedBy(query)
    const inspection = this.#persistence.inspect({ prefix: asked.prefix })
    const [database, lists, prefixes, standbys, cache] = await Promise.all([
      // First, because it counts the calls that wait: not those of the page itself.
      this.#database.get(),
      readLists(inspection, asked),
      partOf(inspection.prefixes({ limit: PREFIXES + 1 }) as never, PREFIXES),
      inspection.standbys(),
      this.#cache.get(),
    ])
    const { clock, values } = this.#settings
    const changeable = changeableBy(this.#persistence, this.#settings)
    const now = { now: clock.now(), ...lists, prefixes, database, cache, standbys, clients: inspection.clients() }
    return { ...now, values, ...(changeable !== undefined && { changeable }) }
  }
}

/** Returns only the statistics that the page shows. */
async function readDatabase(persistence: Inspectable): Promise<DatabaseStats> {
  const { engine, waiting, locks, cache, sqliteVersion, serverVersion, file, location, fileBytes, walBytes } =
    await persistence.stats()
  return {
    ...{ engine, waiting, locks, cache },
    ...(sqliteVersion !== undefined && { sqliteVersion }),
    ...(serverVersion !== undefined && { serverVersion }),
    ...(file !== undefined && { file }),
    ...(location !== undefined && { location }),
    ...(fileBytes !== undefined && { fileBytes }),
    ...(walBytes !== undefined && { walBytes }),
  }
}
