import assert from 'node:assert/strict'
import type { Checkpoint } from '@go-go-scope/persistence-core/ports'
import fc from 'fast-check'
import { forAll, someOf } from '../property.js'
import { type EngineSuite, engineSuite } from '../suite.js'

function checkpoint(taskId: string, sequence: number, more: Partial<Checkpoint> = {}): Checkpoint {
  return {
    id: `${taskId}-${sequence}`,
    taskId,
    sequence,
    timestamp: 1_767_225_600_000,
    progress: 0,
    data: null,
    ...more,
  }
}

/** A number from 0 to 100 with many digits; the same in each run. */
function fractionAt(index: number): number {
  return (Math.abs(Math.sin(index + 1)) * 1e6) % 100
}

export const checkpoints: EngineSuite = engineSuite('checkpoints', (check) => {
  check('numbers saved concurrently come back to the last digit', async (world) => {
    const { checkpoint: store } = await world.adapter()
    // SQLite 3.52 misreads the first from a JSON text, and about one of 7,000 random ones.
    const numbers = [1.691553792989131, 1 / 3, 0.1 + 0.2, 2 ** 53 - 1, 1e-9, -0.5]
    numbers.push(...someOf(Array.from({ length: 5_000 }, (_, index) => fractionAt(index))))
    const saved = numbers.map((progress, index) => checkpoint(`task-${index}`, 1, { progress }))
    await Promise.all(saved.map((one) => store.save(one)))
    const loaded = await Promise.all(saved.map(({ id }) => store.load(id)))
    assert.deepEqual(
      loaded.map((one) => one?.progress),
      numbers,
    )
  })

  check('a checkpoint outlives the connection', async (world) => {
    const saved = checkpoint('task', 3, { progress: 12.5, data: { done: [1, 2] }, estimatedTimeRemaining: 90 })
    const first = await world.openMade()
    await first.checkpoint.save(saved)
    await first.disconnect()
    const second = await world.openMade()
    assert.deepEqual(await second.checkpoint.loadLatest('task'), saved)
  })

  check('a checkpoint saved without an estimate has no such member', async (world) => {
    const { checkpoint: store } = await world.adapter()
    await store.save(checkpoint('task', 1))
    assert.equal(Object.hasOwn((await store.load('task-1')) ?? {}, 'estimatedTimeRemaining'), false)
  })

  check('the adapter is a checkpoint port itself', async (world) => {
    const adapter = await world.adapter()
    await adapter.save(checkpoint('task', 1))
    assert.equal((await adapter.loadLatest('task'))?.sequence, 1)
    assert.equal((await adapter.checkpoint.loadLatest('task'))?.sequence, 1)
  })

  check('prefixes isolate tasks and ids, and every call stays within its prefix', async (world) => {
    const one = (await world.adapter({ keyPrefix: 'one:' })).checkpoint
    const two = (await world.adapter({ keyPrefix: 'two:' })).checkpoint
    for (const sequence of [1, 2, 3]) {
      await one.save(checkpoint('task', sequence, { data: 'one' }))
      await two.save(checkpoint('task', sequence, { data: 'two' }))
    }
    assert.equal((await one.load('task-2'))?.data, 'one')
    assert.equal((await two.load('task-2'))?.data, 'two')
    await one.cleanup('task', 1)
    assert.equal((await one.list('task')).length, 1)
    assert.equal((await two.list('task')).length, 3)
    await one.deleteAll('task')
    assert.equal(await one.loadLatest('task'), undefined)
    assert.equal((await two.loadLatest('task'))?.data, 'two')
  })

  check('ids and task ids come back as given, with a prefix too', async (world) => {
    const saved = checkpoint('täsk "1" %_', 1, { id: "it's 🙂" })
    const { checkpoint: store } = await world.adapter({ keyPrefix: 'app:' })
    await store.save(saved)
    assert.deepEqual(await store.load("it's 🙂"), saved)
    assert.deepEqual(await store.list('täsk "1" %_'), [saved])
  })

  check('without a prefix a checkpoint is stored as published', async (world) => {
    const { checkpoint: store } = await world.adapter()
    await store.save(checkpoint('task', 2, { progress: 40, data: { a: 1 }, estimatedTimeRemaining: 9 }))
    const rows = await world.rows(
      'SELECT id, task_id, sequence, timestamp, progress, data, estimated_time_remaining FROM go_goscope_checkpoints',
    )
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [
        {
          id: 'task-2',
          task_id: 'task',
          sequence: 2,
          timestamp: 1_767_225_600_000,
          progress: 40,
          data: '{"a":1}',
          estimated_time_remaining: 9,
        },
      ],
    )
  })

  check('retention goes by sequence, for every order, time and id', async (world) => {
    const history = fc.record({
      sequences: fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { maxLength: 12 }),
      keep: fc.integer({ min: 0, max: 14 }),
      seed: fc.nat(),
    })
    let run = 0
    const { checkpoint: store } = await world.adapter()
    await forAll(history, 60, async ({ sequences, keep, seed }) => {
      const taskId = `task ${run++}`
      for (const sequence of sequences) {
        const shuffled = (sequence * 7_919 + seed) % 104_729
        await store.save(checkpoint(taskId, sequence, { id: `${taskId} ${shuffled}/${sequence}`, timestamp: shuffled }))
      }
      const ascending = sequences.toSorted((a, b) => a - b)
      assert.equal((await store.loadLatest(taskId))?.sequence, ascending.at(-1))
      await store.cleanup(taskId, keep)
      const kept = keep === 0 ? [] : ascending.slice(-keep)
      assert.deepEqual(
        (await store.list(taskId)).map(({ sequence }) => sequence),
        kept,
      )
      assert.equal((await store.loadLatest(taskId))?.sequence, kept.at(-1))
    })
  })

  check('concurrent save and cleanup leave the same rows as sequential ones', async (world) => {
    const { checkpoint: store } = await world.adapter()
    const work: Promise<void>[] = []
    for (let sequence = 1; sequence <= 50; sequence++) {
      work.push(store.save(checkpoint('task', sequence)), store.cleanup('task', 3))
    }
    await Promise.all(work)
    assert.deepEqual(
      (await store.list('task')).map(({ sequence }) => sequence),
      [48, 49, 50],
    )
  })

  check('large data comes back', async (world) => {
    const { checkpoint: store } = await world.adapter()
    const data = { text: 'ä🙂'.repeat(100_000), list: Array.from({ length: 5_000 }, (_, index) => index / 3) }
    await store.save(checkpoint('task', 1, { data }))
    assert.deepEqual((await store.loadLatest('task'))?.data, data)
  })
})
