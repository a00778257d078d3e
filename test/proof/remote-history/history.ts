import fc from 'fast-check'

/** Calls that one participant makes at once. */
export type Burst = readonly Call[]

export type Call =
  | { readonly do: 'set' | 'result'; readonly key: string; readonly value: number; readonly ttl: number | undefined }
  | { readonly do: 'get' | 'delete' | 'stored' | 'fail' | 'state' | 'acquire' | 'force'; readonly key: string }
  | { readonly do: 'release' | 'isValid'; readonly key: string }
  | { readonly do: 'getBoth' | 'keys' }

/** The concurrent calls of all participants, and what happens after their answers. */
export interface Round {
  /** By participant; the owner is the first. */
  readonly bursts: readonly Burst[]
  /** The ms that pass after the answers. */
  readonly wait: number
  readonly leaves: Leaving | undefined
}

/** The participant that leaves, in a way with a certain outcome, and is replaced by a new one. */
export interface Leaving {
  readonly who: number
  readonly how: 'disconnects' | 'closes its port'
}

/** The answers of a round, in the order of the bursts. */
export type Answers = readonly (readonly unknown[])[]

export const CLIENTS = 3
export const KEYS = ['a', 'b']
/** ms; some waits are longer. */
export const LEASE = 20

const key = fc.constantFrom(...KEYS)
const ttl = fc.constantFrom(undefined, 5, LEASE)

const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('set', 'result'), key, value: fc.constant(0), ttl }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('get', 'delete', 'stored', 'fail', 'state', 'acquire', 'force'), key }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('acquire', 'release', 'isValid'), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('getBoth', 'keys') }) },
) as fc.Arbitrary<Call>

const round: fc.Arbitrary<Round> = fc.record({
  bursts: fc
    .tuple(
      fc.array(call, { maxLength: 2 }),
      ...Array.from({ length: CLIENTS }, () => fc.array(call, { maxLength: 4, size: 'max' })),
    )
    .map((bursts) => bursts as Burst[]),
  wait: fc.constantFrom(0, 0, 5, LEASE),
  leaves: fc.option(
    fc.record({
      who: fc.integer({ min: 1, max: CLIENTS }),
      how: fc.constantFrom<Leaving['how']>('disconnects', 'closes its port'),
    }),
    { nil: undefined, freq: 2 },
  ),
})

export const rounds: fc.Arbitrary<Round[]> = fc
  .array(round, { minLength: 1, maxLength: 4, size: 'max' })
  .map((all) => all.map(({ bursts, ...rest }, number) => ({ bursts: withValues(bursts, number), ...rest })))

/** Makes each value unique, so that an answer identifies the call that stored it. */
function withValues(bursts: readonly Burst[], round: number): Burst[] {
  return bursts.map((burst, who) =>
    burst.map((call, at) => ('value' in call ? { ...call, value: 100 * round + 10 * who + at + 1 } : call)),
  )
}
