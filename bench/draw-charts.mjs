import { barChart, lineChart } from './charts.mjs'
import { nameOf } from './names.mjs'
import { cells } from './plan.mjs'
import { median } from './statistics.mjs'
import { WORKERS } from './threads.mjs'

const KINDS = { ours: 'ours', prepared: 'limit', loader: 'limit', 'json-each': 'limit', unprepared: 'obvious' }
const main = cells.slice(0, 4).map(({ name }) => name)

/** @returns {{ file: string, title: string, svg: string }[]} */
export function drawCharts(results) {
  return [
    bars(results, 'cache-get', 'memory', 1, 'Cache get, sequential: calls per second'),
    bars(results, 'cache-get', 'memory', 100, 'Cache get, 100 in flight: calls per second'),
    bars(results, 'cache-set', 'memory', 1, 'Cache set, sequential: calls per second'),
    bars(results, 'cache-set', 'memory', 100, 'Cache set, 100 in flight: calls per second'),
    bars(results, 'cache-set', 'power', 100, 'Durable cache set on a file, 100 in flight: calls per second'),
    rowLines(results),
    lockLines(results),
    workerLines(results),
  ].filter((chart) => chart !== undefined)
}

function bars(results, trial, storage, inFlight, title) {
  const panels = main.flatMap((cell) => {
    const rates = results.races[`${trial}/${cell}/${storage}`]?.[inFlight]
    if (rates === undefined) return []
    const figures = Object.entries(rates).map(([name, values]) => ({
      name: nameOf(name),
      kind: KINDS[name] ?? 'peer',
      value: median(values),
    }))
    return [{ heading: cell, bars: figures }]
  })
  if (panels.length === 0) return undefined
  return { file: `${trial}-${storage}-${inFlight}.svg`, title, svg: barChart(title, panels) }
}

function rowLines({ rows }) {
  const found = Object.entries(rows)
  if (found.length === 0) return undefined
  const title = 'Cost by rows: µs per call'
  const panels = Object.keys(found[0][1]).map((operation) => ({
    heading: operation,
    lines: found.map(([cell, operations]) => ({ name: cell, points: pointsOf(operations[operation]) })),
  }))
  return { file: 'rows.svg', title, svg: lineChart(title, 'rows in the table', panels) }
}

function lockLines({ locks }) {
  const found = Object.entries(locks)
  if (found.length === 0) return undefined
  const title = 'Cost by held locks: acquire + release per second'
  const runtimes = [...new Set(found.map(([id]) => id.split(', ').at(-1)))]
  const panels = runtimes.map((runtime) => ({
    heading: runtime,
    lines: found
      .filter(([id]) => id.endsWith(runtime))
      .map(([id, { rates }]) => ({ name: nameOf(id.split('/')[0]), points: pointsOf(rates) })),
  }))
  return { file: 'locks.svg', title, svg: lineChart(title, 'locks held', panels) }
}

function workerLines({ threads = {} }) {
  const found = Object.entries(threads)
  if (found.length === 0) return undefined
  const title = 'Gets by workers: calls per second of all together, 100 in flight each'
  const panels = found.map(([cell, { gets }]) => {
    const line = (name, figure) => ({
      name,
      points: WORKERS.map((workers) => [workers, median(gets[figure(workers)])]),
    })
    const lines = [
      line('one owner, remote', (workers) => `remote ${workers}`),
      line('own handles', (workers) => `own ${workers}`),
      line('hand-written messages', (workers) => `pattern ${workers}`),
      line('no workers', () => 'direct'),
    ]
    return { heading: cell, lines }
  })
  return { file: 'threads.svg', title, svg: lineChart(title, 'workers', panels) }
}

const pointsOf = (figures) => Object.entries(figures).map(([x, y]) => [Number(x), y])
