import type { ConflictKind } from '@go-go-scope/persistence-sqlite-node'
import { describe, expect, test } from 'vitest'
import { ConflictAnswers } from '../../packages/shared/src/dialects/sqlite/changesets/conflict-policy.js'
import { proveCell } from '../cells/prove-cell.js'
import { twoSides } from './two-sides.js'

proveCell()

interface Case {
  /** The content of both sides, the recorded change, and the change on the other side meanwhile. */
  readonly both: string
  readonly write: string
  readonly meanwhile: string
  /** The content of the other side afterwards under each policy; `undefined` if it aborts. */
  readonly omit: unknown
  readonly replace: unknown
}

const item = (id: number, text: string) => ({ id, item: text })
const person = (name: string, email: string | null, boss: string | null = null) => ({ name, email, boss })

// Each changeset also has a change without a conflict.
const cases: Record<ConflictKind, Case> = {
  conflict: {
    both: 'SELECT 1',
    write: "INSERT INTO orders (id, item) VALUES (1, 'new'), (2, 'new')",
    meanwhile: "INSERT INTO orders (id, item) VALUES (1, 'old')",
    omit: [item(1, 'old'), item(2, 'new')],
    replace: [item(1, 'new'), item(2, 'new')],
  },
  data: {
    both: "INSERT INTO orders (id, item) VALUES (1, 'a'), (2, 'a')",
    write: "UPDATE orders SET item = 'new'",
    meanwhile: "UPDATE orders SET item = 'old' WHERE id = 1",
    omit: [item(1, 'old'), item(2, 'new')],
    replace: [item(1, 'new'), item(2, 'new')],
  },
  'not-found': {
    both: "INSERT INTO orders (id, item) VALUES (1, 'a'), (2, 'a')",
    write: "UPDATE orders SET item = 'new'",
    meanwhile: 'DELETE FROM orders WHERE id = 1',
    omit: [item(2, 'new')],
    replace: [item(2, 'new')],
  },
  constraint: {
    both: 'SELECT 1',
    write: "INSERT INTO people (name, email) VALUES ('ann', 'a@x'), ('bob', 'b@x')",
    meanwhile: "INSERT INTO people (name, email) VALUES ('other', 'a@x')",
    omit: [person('bob', 'b@x'), person('other', 'a@x')],
    replace: undefined,
  },
  'foreign-key': {
    both: "INSERT INTO people (name) VALUES ('ann')",
    write: "INSERT INTO people (name, boss) VALUES ('bob', 'ann')",
    meanwhile: 'DELETE FROM people',
    omit: undefined,
    replace: undefined,
  },
}

describe('conflicts', () => {
  const pair = twoSides()

  async function rows(): Promise<unknown[]> {
    const orders = await pair.to.run('SELECT id, item FROM orders ORDER BY 1')
    return [...orders, ...(await pair.to.run('SELECT * FROM people ORDER BY 1'))]
  }

  /** Returns a changeset that conflicts with the other side. */
  async function conflicting({ both, write, meanwhile }: Case): Promise<Uint8Array> {
    for (const side of [pair.from, pair.to]) await side.run(both)
    const changeset = await pair.changesOf(() => pair.from.run(write))
    await pair.to.run(meanwhile)
    return changeset
  }

  for (const [kind, planned] of Object.entries(cases)) {
    test(`'${kind}' aborts the whole changeset by default, and a function gets the kind`, async () => {
      const changeset = await conflicting(planned)
      const before = await rows()
      const told: ConflictKind[] = []
      await expect(pair.apply(changeset)).rejects.toMatchObject({
        code: 'CHANGESET_CONFLICT',
        operation: 'changesets.apply',
        message: expect.stringContaining(`'${kind}'`),
      })
      expect(await rows()).toEqual(before)
      await pair.apply(changeset, { onConflict: (met) => (told.push(met) > 0 ? 'omit' : 'abort') })
      expect(told).toEqual([kind])
      expect(await rows()).toEqual(planned.omit ?? [person('bob', null, 'ann')])
    })

    for (const policy of ['omit', 'replace'] as const) {
      test(`'${kind}' under '${policy}' ${planned[policy] === undefined ? 'aborts' : 'is settled and counted'}`, async () => {
        const changeset = await conflicting(planned)
        const before = await rows()
        const applied = pair.apply(changeset, { onConflict: policy })
        if (planned[policy] === undefined) {
          await expect(applied).rejects.toMatchObject({ code: 'CHANGESET_CONFLICT' })
          expect(await rows()).toEqual(before)
          return
        }
        const replaced = policy === 'replace' && kind !== 'not-found' ? 1 : 0
        expect(await applied).toEqual({ changes: 2, omitted: 1 - replaced, replaced })
        expect(await rows()).toEqual(planned[policy])
      })
    }
  }

  test('an update of a key to one that its collation equates is a conflict, a delete and an insert of it are not', async () => {
    const tables = ['tags']
    for (const side of [pair.from, pair.to]) {
      await side.run('CREATE TABLE tags (tag TEXT COLLATE NOCASE PRIMARY KEY, of TEXT)')
      await side.run("INSERT INTO tags VALUES ('ann', 'a')")
    }
    const write = () => pair.from.run("UPDATE tags SET tag = 'Ann', of = 'b'")
    const changeset = await pair.changesOf(write, tables)
    await expect(pair.apply(changeset, {}, tables)).rejects.toMatchObject({ code: 'CHANGESET_CONFLICT' })
    expect(await pair.to.run('SELECT * FROM tags')).toEqual([{ tag: 'ann', of: 'a' }])
    await pair.from.run("UPDATE tags SET tag = 'ann', of = 'a'")
    for (const change of ['DELETE FROM tags', "INSERT INTO tags VALUES ('ANN', 'c')"]) {
      const part = await pair.changesOf(() => pair.from.run(change), tables)
      await pair.apply(part, {}, tables)
    }
    expect(await pair.to.run('SELECT * FROM tags')).toEqual([{ tag: 'ANN', of: 'c' }])
  })

  test('an update of nothing but a key to one that its collation equates is a conflict that each policy settles', async () => {
    const tables = ['tags']
    for (const side of [pair.from, pair.to]) {
      await side.run('CREATE TABLE tags (tag TEXT COLLATE NOCASE PRIMARY KEY, of TEXT)')
      await side.run("INSERT INTO tags VALUES ('ann', 'a'), ('bob', 'a')")
    }
    const write = () => pair.from.run("UPDATE tags SET tag = upper(tag) WHERE tag = 'ann'")
    const changeset = await pair.changesOf(write, tables)
    await expect(pair.apply(changeset, {}, tables)).rejects.toMatchObject({ code: 'CHANGESET_CONFLICT' })
    const tags = () => pair.to.run('SELECT tag FROM tags ORDER BY tag')
    expect(await pair.apply(changeset, { onConflict: 'omit' }, tables)).toEqual({ changes: 1, omitted: 1, replaced: 0 })
    expect(await tags()).toEqual([{ tag: 'ann' }, { tag: 'bob' }])
    expect(await pair.apply(changeset, { onConflict: 'replace' }, tables)).toMatchObject({ replaced: 1 })
    expect(await tags()).toEqual([{ tag: 'ANN' }, { tag: 'bob' }])
  })

  test('a function that throws or answers something else aborts, typed, and nothing is applied', async () => {
    const changeset = await conflicting(cases.conflict)
    const before = await rows()
    const cause = new Error('mine')
    const throws = () => {
      throw cause
    }
    await expect(pair.apply(changeset, { onConflict: throws })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      cause,
    })
    for (const answer of ['maybe', undefined, Promise.resolve('omit')]) {
      await expect(pair.apply(changeset, { onConflict: () => answer as never })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(/'omit', 'replace' or 'abort' at once to 'conflict'/),
      })
    }
    await expect(pair.apply(changeset, { onConflict: 'maybe' as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/onConflict.*"maybe"/),
    })
    expect(await rows()).toEqual(before)
  })

  test('a kind of conflict that SQLite may get later is not settled', () => {
    const answers = new ConflictAnswers('omit')
    const abort = 2
    expect(answers.answer(6)).toBe(abort)
    expect(answers).toMatchObject({ omitted: 0, failure: { code: 'CHANGESET_CONFLICT' } })
  })

  test('a function may replace a row, and is refused where there is none to replace', async () => {
    const stale = await conflicting(cases.data)
    expect(await pair.apply(stale, { onConflict: () => 'replace' })).toEqual({ changes: 2, omitted: 0, replaced: 1 })
    expect(await rows()).toEqual(cases.data.replace)
    const changeset = await conflicting(cases.constraint)
    await expect(pair.apply(changeset, { onConflict: () => 'replace' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/'omit' or 'abort' at once to 'constraint'/),
    })
  })
})
