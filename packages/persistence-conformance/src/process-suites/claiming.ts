import assert from 'node:assert/strict'
import { held } from '../held.js'
import { type EngineSuite, engineSuite } from '../suite.js'
import { Child, withChildren } from './child.js'

const KEYS = 50
const LEASE_MS = 400

export const claiming: EngineSuite = engineSuite('claims and probes in several processes', (check) => {
  check('the work of a key runs once over all processes, and all get its result', async (world) => {
    const children = Array.from({ length: 4 }, () => new Child(world.engine, 'claim-keys'))
    await withChildren(children, async () => {
      await Promise.all(children.map((child) => child.ready()))
      const answers = await Promise.all(children.map((child) => child.order<string[]>(`${world.path} ${KEYS}`)))
      for (const answer of answers) assert.deepEqual(answer, answers[0])
      assert.ok(answers[0]?.every((value) => value.includes(': ')))
      await Promise.all(children.map((child) => child.dismiss()))
    })
    const adapter = await world.open()
    for (let key = 0; key < KEYS; key++) {
      assert.equal((await adapter.getState(`k${key}`))?.failureCount, 1, `the work of k${key} ran once`)
    }
  })

  check(
    'the work of a key whose result cannot be stored runs once over all processes, and all are told',
    async (world) => {
      const children = Array.from({ length: 4 }, () => new Child(world.engine, 'claim-unstorable'))
      await withChildren(children, async () => {
        await Promise.all(children.map((child) => child.ready()))
        const answers = await Promise.all(children.map((child) => child.order<string[]>(`${world.path} ${KEYS}`)))
        for (const answer of answers) assert.deepEqual(answer, Array(KEYS).fill('RESULT_NOT_STORED'))
        await Promise.all(children.map((child) => child.dismiss()))
      })
      const adapter = await world.open()
      for (let key = 0; key < KEYS; key++) {
        assert.equal((await adapter.getState(`k${key}`))?.failureCount, 1, `the work of k${key} ran once`)
      }
    },
  )

  check('exactly as many probes as asked for are admitted over all processes', async (world) => {
    const adapter = await world.open()
    await adapter.recordFailure('api', 1)
    await adapter.disconnect()
    const children = Array.from({ length: 4 }, () => new Child(world.engine, 'admit-probes'))
    await withChildren(children, async () => {
      await Promise.all(children.map((child) => child.ready()))
      const admitted = await Promise.all(children.map((child) => child.order<number>(`${world.path} 50 7`)))
      assert.equal(
        admitted.reduce((sum, count) => sum + count),
        7,
      )
      await Promise.all(children.map((child) => child.dismiss()))
    })
  })

  check('a killed process frees its claim and its place among the probes when their leases are over', async (world) => {
    const adapter = await world.open()
    await adapter.recordFailure('api', 1)
    const child = new Child(world.engine, 'claim-and-hang')
    const options = { resetTimeout: 0, lease: 60_000 }
    await withChildren([child], async () => {
      await child.ready()
      const start = Date.now()
      assert.deepEqual(await child.order(`${world.path} ${LEASE_MS}`), ['claimed', 'half-open', true])
      child.kill()
      await child.ended
      const claim = held(await adapter.idempotency.claim('k', { lease: 60_000, wait: 60_000 }))
      assert.ok(Date.now() - start >= LEASE_MS, 'not before')
      assert.deepEqual(await claim.complete(1), { recorded: true })
      let admission = await adapter.circuitBreaker.admit('api', options)
      while (!admission.admitted) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        admission = await adapter.circuitBreaker.admit('api', options)
      }
      assert.ok(Date.now() - start >= LEASE_MS, 'not before')
      assert.equal((await adapter.circuitBreaker.succeeded(admission.permit)).state?.state, 'closed')
    })
  })
})
