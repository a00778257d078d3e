import fc from 'fast-check'
import { type AddedMember, addedMembers, type Holder, mayHideMethod, withMember } from './added-member.js'
import { KEY_SOURCES, leaf } from './leaf-samples.js'
import { composed, isMethod, kept, refused, type Sample, step } from './sample.js'

const ERRORS = ['Error', 'TypeError', 'RangeError', 'EvalError', 'SyntaxError', 'URIError', 'ReferenceError'] as const

/** Names and messages of errors. Of others, such as an object without a prototype, Bun cannot make the text that it may need. */
const ODD_TEXTS = [
  '"Declared"',
  'undefined',
  '5n',
  '({ title: "x" })',
  '["a", [1]]',
  'new Date(NaN)',
  'new Error("inner")',
]

const holding = (keeps: Holder['keeps'], sample: Sample): Holder => ({ ...sample, keeps })

/** Lengths that arrays have beyond their items. */
const HOLES = [0, 0, 0, 1, 3, 10_000, 2 ** 32 - 30_000] as const

const records: fc.Arbitrary<Holder> = fc
  .constantFrom('({})', 'Object.create(null)', 'put({}, 7, 1)')
  .map((source) => holding('enumerable', kept(source)))

const leavesWithMembers: fc.Arbitrary<Holder> = fc.constantFrom(
  ...['new Date(5)', 'new Date(NaN)', '/a/gi'].map((source) => holding('enumerable', kept(source))),
  ...['new Uint8Array(2)', 'new Float64Array(0)', 'new ArrayBuffer(2)', 'new DataView(new ArrayBuffer(2))'].map(
    (source) => holding('none', kept(source)),
  ),
  ...['new Number(1)', 'new String("ab")', 'new Boolean(true)', 'Object(1n)'].map((source) =>
    holding('none', kept(source)),
  ),
)

function arrays(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Holder> {
  const hole = fc.constantFrom(...HOLES.slice(0, -1))
  return fc.tuple(fc.array(inner, { maxLength: 4 }), hole, fc.constantFrom(...HOLES)).map(([items, gap, more]) => {
    const index = (at: number) => (at === 0 ? 0 : at + gap)
    const parts = items.map((item, at) => [step(index(at)), item] as const)
    return holding(
      'enumerable',
      composed(parts, (sources) => {
        const put = sources.map((source, at) => `put(a, ${index(at)}, ${source})`)
        return `((a) => (${[...put, `(a.length += ${more})`, 'a'].join(', ')}))([])`
      }),
    )
  })
}

function sets(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Holder> {
  return fc.tuple(fc.subarray([...KEY_SOURCES]), fc.array(inner, { maxLength: 4 })).map(([primitives, items]) => {
    const parts = items.map((item, at) => [`.values()[${primitives.length + at}][0]`, item] as const)
    const source = (sources: string[]) =>
      `new Set([${[...primitives, ...sources.map((one) => `[${one}]`)].join(', ')}])`
    return holding('enumerable', composed(parts, source))
  })
}

function maps(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Holder> {
  const plain = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEY_SOURCES), inner), {
    selector: ([key]) => key,
    maxLength: 3,
  })
  return fc.tuple(plain, fc.option(fc.tuple(inner, inner))).map(([entries, object]) => {
    const values = entries.map(([key, value]) => [`.get(${key === '-0' ? '0' : key})`, value] as const)
    const parts =
      object === null
        ? []
        : ([
            [`.keys()[${entries.length}].key`, object[0]],
            ['.get(…)', object[1]],
          ] as const)
    return holding(
      'enumerable',
      composed([...values, ...parts], (sources) => {
        const texts = entries.map(([key], at) => `[${key}, ${sources[at]}]`)
        const [key, value] = sources.slice(entries.length)
        return `new Map([${[...texts, ...(key === undefined ? [] : [`[{ key: ${key} }, ${value}]`])].join(', ')}])`
      }),
    )
  })
}

function errors(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Holder> {
  const data = inner.filter((sample) => !isMethod(sample))
  const message = fc.constantFrom('""', '"text"', '"\\ud800\\0"')
  const caused = fc
    .tuple(fc.constantFrom(...ERRORS), message, data)
    .map(([name, text, cause]) =>
      composed([['.cause', cause]], ([source]) => `new ${name}(${text}, { cause: ${source} })`),
    )
  const several = fc.array(inner, { maxLength: 4 }).map((items) =>
    composed(
      items.map((item, at) => [`.errors${step(at)}`, item] as const),
      (sources) => `new AggregateError([${sources.join(', ')}], "all")`,
    ),
  )
  const suppressed = fc.tuple(data, data).map(([error, before]) =>
    composed(
      [
        ['.error', error],
        ['.suppressed', before],
      ],
      ([one, two]) => `suppressed(${one}, ${two}, "m")`,
    ),
  )
  const plain = fc.constantFrom(...ERRORS).map((name) => kept(`new ${name}("text")`))
  const any = fc.oneof(caused, several, suppressed, plain)
  // Not of a SuppressedError: where there is none, the name tells the class.
  const odd = fc
    .tuple(
      fc.oneof(caused, several, plain),
      fc.constantFrom('put', 'hide'),
      fc.constantFrom('name', 'message'),
      fc.constantFrom(...ODD_TEXTS),
    )
    .map(([error, how, name, value]) => composed([['', error]], ([one]) => `${how}(${one}, "${name}", ${value})`))
  return fc.oneof({ weight: 3, arbitrary: any }, { weight: 1, arbitrary: odd }).map((error) => holding('error', error))
}

/** Objects that contain a value more than once, or themselves. */
function shared(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  const around = (paths: readonly string[], source: (inner: string) => string) =>
    inner.map((sample) =>
      composed(
        paths.map((path) => [path, sample] as const),
        ([one]) => source(one as string),
      ),
    )
  return fc.oneof(
    around(['[0]', '[1].again', '[2]'], (source) => `((s) => [s, { again: s }, s])(${source})`),
    around(['.a'], (source) => `((o) => (o.self = o))({ a: ${source} })`),
    around(['[0]'], (source) => `((a) => (a.push(new Set([a])), a))([${source}])`),
    around(['.get("a")'], (source) => `((m) => m.set("self", { m }))(new Map([["a", ${source}]]))`),
    fc.constant(refused('((e) => put(e, "cause", [{ e }]))(new Error("x"))', '.cause[0].e')),
  )
}

const { any } = fc.letrec<{ any: Sample; container: Sample }>((tie) => {
  const inner = fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('container'))
  const added = addedMembers(inner)
  const plain = fc.tuple(fc.oneof(records, arrays(inner)), added)
  const built = fc.tuple(fc.oneof(sets(inner), maps(inner), errors(inner)), added)
  const leaves = fc.tuple(
    leavesWithMembers,
    added.map((members) => members.filter((one) => !mayHideMethod(one))),
  )
  const withMembers = ([holder, members]: [Holder, AddedMember[]]): Sample => members.reduce(withMember, holder)
  const made =
    (way: (source: string) => string) =>
    (sample: Sample): Sample => ({ ...sample, value: way(sample.value) })
  const container = fc.oneof(
    { weight: 8, arbitrary: plain.map(withMembers) },
    { weight: 8, arbitrary: built.map(withMembers) },
    { weight: 2, arbitrary: leaves.map(withMembers) },
    { weight: 1, arbitrary: plain.map(withMembers).map(made((source) => `Object.freeze(${source})`)) },
    { weight: 1, arbitrary: plain.map(withMembers).map(made((source) => `new Proxy(${source}, {})`)) },
    { weight: 2, arbitrary: inner.map(made((source) => `realm(${JSON.stringify(source)})`)) },
    { weight: 3, arbitrary: shared(inner) },
  )
  return { any: inner, container }
})

/** Values of every kind within each other, with what comes back of each. */
export const anySample: fc.Arbitrary<Sample> = any
