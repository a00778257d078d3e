import { resolveOptions } from '@go-go-scope/persistence-core/dialect'
import type { AdapterOptions } from '@go-go-scope/persistence-core/public'
import type { Resolved } from './options.js'
import { type DriverName, listenByUrl } from './wire/by-url.js'
import { Lane } from './wire/lane.js'
import type { Source } from './wire/wire.js'

/** The ordered connection of an adapter, and what else its options say of connections. */
export function laneOf(
  source: Source,
  { prepare, newsUrl, options }: Resolved<AdapterOptions>,
  driver?: DriverName,
): Lane {
  const listen =
    newsUrl === false ? undefined : newsUrl === undefined ? source.listen?.bind(source) : listenByUrl(newsUrl, driver)
  return new Lane(source, { patience: resolveOptions(options).busyTimeout, prepare, listen })
}
