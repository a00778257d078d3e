import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examples, type RunningExample, startExample } from '../examples/run-example.js'

let folder: string
let example: RunningExample
/** The response to Prometheus. */
let scrape: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metrics-'))
  example = startExample('metrics/main.ts', [join(folder, 'metrics.db')])
  await example.printed(/has the metrics/)
  const [address] = /http:\S+/.exec(example.stdout) ?? []
  scrape = await (await fetch(address as string)).text()
})
afterAll(async () => {
  example?.kill('SIGTERM')
  await rm(folder, { recursive: true, force: true })
})

/** Returns the names of metrics in a Prometheus expression: the part before a selector. */
const namesIn = (expression: string): string[] => expression.match(/\b[a-z][a-z0-9_]*(?=\{)|\bgo_go_scope_\w+/g) ?? []

/** Returns the names of the scraped series. */
const scraped = (): Set<string> =>
  new Set(scrape.split('\n').flatMap((line) => /^([a-z]\w*)[ {]/.exec(line)?.[1] ?? []))

interface Board {
  panels: { title: string; targets: { expr: string }[] }[]
  templating: { list: { query: string | { query: string } }[] }
}

async function readBoard(): Promise<Board> {
  return JSON.parse(await readFile(join(examples, 'metrics/grafana-board.json'), 'utf8'))
}

test('every metric that the board names is in a scrape', async () => {
  const { panels, templating } = await readBoard()
  const expressions = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const))
  const variables = templating.list.flatMap(({ query }) =>
    typeof query === 'string' ? [] : [['variable', query.query] as const],
  )
  expect(expressions.length).toBeGreaterThan(15)
  for (const [title, expression] of [...expressions, ...variables]) {
    const names = namesIn(
      expression.replace('label_values(db_client_operation_duration_count,', 'db_client_operation_duration_count{'),
    )
    expect(names, title).not.toEqual([])
    for (const name of names) expect(scraped(), `${title} shows ${name}`).toContain(name)
  }
})

test('every label that the board selects or groups by is on the metric', async () => {
  for (const { title, targets } of (await readBoard()).panels) {
    for (const { expr } of targets) {
      const [name = ''] = namesIn(expr)
      const series = scrape.split('\n').filter((line) => line.startsWith(`${name}{`))
      const grouped = (/by \(([^)]*)\)/.exec(expr)?.[1] ?? '').split(',').map((label) => label.trim())
      // Prometheus adds the first; the others exist only after a failed call or a change of a circuit.
      for (const label of grouped.filter((one) => !['', 'error_type', 'from'].includes(one)))
        expect(
          series.some((line) => line.includes(`${label}="`)),
          `${title}: ${label}`,
        ).toBe(true)
      if (expr.includes('db_namespace')) expect(series.some((line) => line.includes('db_namespace="'))).toBe(true)
    }
  }
})

test('every metric of the package is on the board', async () => {
  const shown = new Set(
    (await readBoard()).panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr))),
  )
  const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '')
  const onBoard = new Set([...shown].map(base))
  const own = [...scraped()].filter((name) => /^(go_go_scope|db_client)_/.test(name))
  for (const name of own) expect(onBoard, name).toContain(base(name))
})

test('the alerts of its README name what is in a scrape', async () => {
  const readme = await readFile(join(examples, 'metrics/README.md'), 'utf8')
  const names = [...readme.matchAll(/\| `([^`]+)` \|/g)].flatMap(
    ([, expression]) => (expression as string).match(/\b(?:go_go_scope|db_client)_\w+/g) ?? [],
  )
  expect(names.length).toBeGreaterThanOrEqual(4)
  for (const name of names) expect(scraped()).toContain(name)
})

test('an alert on a counter that begins with its first event also finds a new series', async () => {
  const readme = await readFile(join(examples, 'metrics/README.md'), 'utf8')
  const counters = [...readme.matchAll(/(?:increase|rate)\((\w+(?:\{[^}]*\})?)\[(\w+)\]\)/g)]
  expect(counters.length).toBeGreaterThanOrEqual(2)
  for (const [, counter = '', time = ''] of counters) {
    // Counts from 0: see the test of lost locks in test/integrations/otel.
    if (counter === 'go_go_scope_lock_lost_total') continue
    expect(readme).toContain(`or ${counter} unless ${counter} offset ${time}`)
  }
})
