import type { Gate } from './gate.js'

/** A list that must name each item of a kind. */
export interface NamedList<Name extends string> {
  readonly path: string
  /** Matches the part of the file that is the list; absent for the whole file. */
  readonly part?: RegExp
  /** Returns what the list must contain for `name`. */
  named(name: Name): readonly string[]
}

/**
 * Returns the gate of one list. A gate that covers no file is a violation, so a moved list is noticed.
 *
 * @param kind what the list names, for example `engine`
 */
export function namesAll<Name extends string>(
  kind: string,
  names: readonly Name[],
  { path, part, named }: NamedList<Name>,
  title = path,
): Gate {
  return {
    rule: `no ${kind} is forgotten by ${title}`,
    covers: (other) => other === path,
    violations: ([file]) => {
      const list = part === undefined ? file?.text : part.exec(file?.text ?? '')?.[0]
      if (list === undefined) return [`${path} has no list of every ${kind} where it was`]
      return names.flatMap((name) =>
        named(name)
          .filter((text) => !list.includes(text))
          .map((text) => `${title} lacks ${text}, for the ${kind} ${name}`),
      )
    },
  }
}
