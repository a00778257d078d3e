import type { ServedUser, StandbyInfo } from '@go-go-scope/persistence-core/public'
import { MOST } from '../src/lists.js'
import type { Lists, Overview, Shown } from '../src/overview.js'
import { visible } from '../src/visible.js'
import { Access } from './access.js'
import { CACHE, type CacheRow, cacheRemark, cacheRows } from './cache-panel.js'
import { CircuitHistory } from './circuit-history.js'
import type { View } from './columns.js'
import { Confirmation } from './confirmation.js'
import { byId, setText } from './dom.js'
import { Filter } from './filter.js'
import { type ActionButton, CLIENTS, idOf, LISTS, STANDBYS, stateOf } from './lists.js'
import { Live } from './live.js'
import { Panel } from './panel.js'
import { ask, NotGivenError, perform } from './server.js'
import { Tiles } from './tiles.js'

type Name = keyof Lists

const USUAL = 25
/** By how much a list grows when more is asked for. */
const FACTOR = 4
const NAMES = Object.keys(LISTS) as Name[]

const limits = new Map<Name, number>(NAMES.map((name) => [name, name === 'results' ? 10 : USUAL]))
const history = new CircuitHistory()
const access = new Access(() => live.now())
const filter = new Filter(() => live.now())
const tiles = new Tiles(byId('tiles'))
const live = new Live(look)
const confirmation = new Confirmation(async (action) => {
  const done = await perform(access, action)
  live.now()
  return done
})
let valuesAsked = 0
let panels: ReturnType<typeof makePanels> | undefined
live.now()

async function look(): Promise<void> {
  const shown = Object.fromEntries([...limits].map(([name, limit]) => [name, String(limit)]))
  try {
    show(await ask<Overview>(access, { view: 'overview', ...filter.query, ...shown }))
  } catch (error) {
    if (error instanceof NotGivenError && error.refused) access.refuse(error.message)
    throw error
  }
}

function show(overview: Overview): void {
  const { now, circuits, database, prefixes, cache, standbys, clients } = overview
  const view: View = { now, history }
  history.see(
    circuits.items.map((circuit) => ({ id: idOf(circuit), state: stateOf(circuit) })),
    now,
  )
  access.admit()
  filter.showPrefixes(prefixes)
  tiles.show(overview)
  showPlace(database)
  panels ??= makePanels(overview)
  for (const name of NAMES) {
    const part = overview[name]
    const panel = panels.lists[name]
    panel.element.hidden = part === undefined
    if (part !== undefined) panel.show(part as never, view, remarkOf(name, overview))
  }
  panels.cache.show(cacheRows(cache), view, cacheRemark(cache, view))
  panels.standbys.element.hidden = standbys.length === 0
  panels.standbys.show({ items: standbys.map((of) => ({ prefix: '', key: of.id, ...of })), more: false }, view)
  panels.clients.element.hidden = clients.length === 0
  panels.clients.show({ items: clients.map(asItem), more: false }, view)
}

function makePanels({ values, changeable }: Overview) {
  const callbacks = changeable !== undefined && {
    actions: {
      allows: (prefix: string) => changeable === 'all' || changeable.prefix === prefix,
      ask: (button: ActionButton) => confirmation.ask(button),
    },
  }
  const prune = byId('prune')
  prune.hidden = !callbacks
  prune.addEventListener('click', () => confirmation.ask({ label: 'Remove', action: { do: 'prune', prefix: '' } }))
  const listOf = (name: Name): Panel<object> =>
    new Panel<object>(name, LISTS[name], {
      showMore() {
        limits.set(name, Math.min(MOST, FACTOR * (limits.get(name) ?? USUAL)))
        live.now()
      },
      ...(values && { showValue: (item: Shown<object>) => void showValue(name, item) }),
      ...callbacks,
    })
  const made = {
    lists: Object.fromEntries(NAMES.map((name) => [name, listOf(name)])) as Record<Name, Panel<object>>,
    cache: new Panel<CacheRow>('cache', CACHE, { ...callbacks }),
    standbys: new Panel<StandbyInfo>('standbys', STANDBYS, {}),
    clients: new Panel<ServedUser>('clients', CLIENTS, {}),
  }
  const { entries, ...others } = made.lists
  const inOrder = [...Object.values(others), made.cache, entries, made.standbys, made.clients]
  byId('lists').replaceChildren(...inOrder.map(({ element }) => element))
  return made
}

/** Returns a remark on locks in memory, which cannot be listed because only their own process knows them. */
function remarkOf(name: Name, { database }: Overview): string {
  if (name !== 'locks' || database.locks === 0) return ''
  return `This process has granted ${database.locks} under its prefix, those in its memory among them, which are not listed.`
}

function showPlace({ engine, file, location: address = '', sqliteVersion, serverVersion }: Overview['database']): void {
  const place = file === '' ? 'in memory' : (file ?? address)
  const version = serverVersion === undefined ? `SQLite ${sqliteVersion}` : `PostgreSQL ${serverVersion}`
  setText(byId('place'), [place, engine, version].filter((part) => part !== '').join(' · '))
  // Pages of two databases, such as those of production and of a test, look alike otherwise.
  setText(byId('action-where'), place)
  document.title = `${file === undefined ? place : place.replace(/.*[/\\]/, '')} – Inspector`
}

const asItem = (client: ServedUser, at: number): Shown<ServedUser> => ({ prefix: '', key: String(at + 1), ...client })

async function showValue(of: Name, { prefix, key }: Shown<object>): Promise<void> {
  setText(byId('value-key'), visible(`${prefix}${key}`))
  const shown = byId<HTMLTextAreaElement>('value-text')
  shown.value = '…'
  byId<HTMLDialogElement>('value').showModal()
  const turn = ++valuesAsked
  const text = await ask<{ text: string }>(access, { view: 'value', of, prefix: prefix ?? '', key }).then(
    (answer) => answer.text,
    (error: Error) => error.message,
  )
  // The user may have asked for another value meanwhile.
  if (turn === valuesAsked) shown.value = text
}
