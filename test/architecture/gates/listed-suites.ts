import type { Gate, SourceFile } from './gate.js'

const SOURCE = 'packages/persistence-conformance/src/'
const SUITE = /^export const (\w+): \w+Suite =/gm
const LIST = /^const (?:[A-Z]+_)*SUITES: readonly \w+\[\] = \[([^\]]*)\]/gm

const declares = (path: string): boolean => /^[a-z-]*conformance\.ts$/.test(path.slice(SOURCE.length))
const suitesOf = ({ text }: SourceFile): string[] => [...text.matchAll(SUITE)].map(([, name = '']) => name)

/** A suite that is not listed never runs, and no test notices. */
export const listedSuites: Gate = {
  rule: 'every suite of the conformance package runs',
  covers: (path) => path.startsWith(SOURCE) && (declares(path) || /^[a-z-]*suites\//.test(path.slice(SOURCE.length))),
  violations: (files) => {
    const lists = files.filter(({ path }) => declares(path)).flatMap(({ text }) => [...text.matchAll(LIST)])
    const listed = new Set(lists.flatMap(([, names = '']) => names.match(/\w+/g) ?? []))
    return files.flatMap((file) =>
      suitesOf(file)
        .filter((name) => !listed.has(name))
        .map((name) => `${file.path}: ${name} is in no list of suites`),
    )
  },
}
