import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByNumber } from '../../packages/shared/src/remote/wire/by-number.js'

const PLACES = 4

test('values are found by their numbers, also after a later number took their slot, and are listed in order', () => {
  const step = fc.oneof(
    fc.record({ does: fc.constant('add' as const), by: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ does: fc.constant('remove' as const), by: fc.nat() }),
    fc.record({ does: fc.constant('removeAll' as const), by: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const values = new ByNumber<string>(PLACES)
      const model = new Map<number, string>()
      let last = 0
      for (const { does, by } of steps) {
        if (does === 'add') {
          last += by
          values.add(last, `value ${last}`)
          model.set(last, `value ${last}`)
        } else if (does === 'removeAll') {
          expect(values.removeAll()).toEqual([...model.values()])
          model.clear()
        } else if (model.size > 0) {
          const number = [...model.keys()][by % model.size] as number
          values.remove(number)
          model.delete(number)
        }
        expect(values.size).toBe(model.size)
        for (let number = 1; number <= last; number++) expect(values.get(number)).toBe(model.get(number))
      }
    }),
  )
})
