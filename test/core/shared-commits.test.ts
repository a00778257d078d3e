import { ManualClock } from '@go-go-scope/persistence-conformance'
import { expect, test } from 'vitest'
import { type Statement, write } from '../../packages/shared/src/queue/statement.js'
import { queueOfFile } from './queue-of-file.js'

const ROUNDS = 10
const TABLES = 'CREATE TABLE entries (value INTEGER); CREATE TABLE others (value INTEGER)'
const set = write('set', 'none', 'INSERT INTO entries VALUES (?1)', {
  batch: { match: 'none', sql: 'INSERT INTO entries SELECT value FROM json_each(?1)' },
})
const other = write('other', 'none', 'INSERT INTO others VALUES (?1)')

test.each<[string, Statement<'none'>]>([
  ['one statement', set],
  ['different statements', other],
])(
  'callers of %s who go on at once share commits, also where one began while the other waited',
  async (_name, second) => {
    const loops: Promise<void>[] = []
    let inTransaction = false
    let commits = 0
    const queue = queueOfFile(new ManualClock(), TABLES, (sql) => {
      if (/^BEGIN/.test(sql)) inTransaction = true
      if (/^COMMIT/.test(sql)) inTransaction = false
      if (/^(INSERT|COMMIT)/.test(sql) && !inTransaction) commits++
      // Each writes again as soon as it may, so they do not stay in step.
      if (loops.length === 1) loops.push(loop(second))
    })
    // Like apps, which await a store in a function that another function awaits.
    const written = async (statement: Statement<'none'>, value: number): Promise<void> => {
      await queue.execute(statement, [value], () => undefined)
    }
    const loop = async (statement: Statement<'none'>): Promise<void> => {
      for (let round = 0; round < ROUNDS; round++) await written(statement, round)
    }
    loops.push(loop(set))
    await loops[0]
    await loops[1]
    expect(commits, 'the first of one alone, and the last of the other').toBe(ROUNDS + 1)
    const all = 'SELECT count(*) AS rows FROM (SELECT * FROM entries UNION ALL SELECT * FROM others)'
    expect(await queue.query('count', all)).toEqual([{ rows: 2 * ROUNDS }])
    await queue.close()
  },
)

test('writes that have failed together go one by one, and no turn of the event loop is lost between them', async () => {
  const broken = write('broken', 'none', 'INSERT INTO entries VALUES (?1)', { batch: { match: 'none', sql: 'no SQL' } })
  const queue = queueOfFile(new ManualClock(), TABLES, () => undefined)
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all(Array.from({ length: 100 }, (_, value) => queue.execute(broken, [value], () => undefined)))
  isOver = true
  expect(turns).toBeLessThan(10)
  expect(await queue.query('count', 'SELECT count(*) AS rows FROM entries')).toEqual([{ rows: 100 }])
  await queue.close()
})

test('runs of which one has failed go one by one, each as one statement', async () => {
  const failing = write('failing', 'none', 'INSERT INTO absent VALUES (?1)')
  const ran: string[] = []
  const queue = queueOfFile(new ManualClock(), TABLES, (sql) => ran.push(sql))
  const calls = [set, set, failing, other].map((statement, at) => queue.execute(statement, [at], () => undefined))
  const outcomes = (await Promise.allSettled(calls)).map(({ status }) => status)
  expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(await queue.query('count', 'SELECT count(*) AS rows FROM entries')).toEqual([{ rows: 2 }])
  expect(ran.filter((sql) => sql === set.batch?.sql)).toHaveLength(2)
  await queue.close()
})
