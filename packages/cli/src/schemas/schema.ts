/** The part of JSON Schema (draft 2020-12) that the outputs of `scopedb` use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly anyOf?: readonly Schema[]
}

/** The schema of a property that may be absent. */
export interface OptionalSchema {
  readonly optional: Schema
}

/**
 * The schemas of the properties of `Info` by name. The compiler refuses a missing one, and a required one for an optional
 * property.
 */
export type Properties<Info> = {
  readonly [Name in keyof Info]-?: object extends Pick<Info, Name> ? OptionalSchema : Schema
}

export const text = (description: string): Schema => ({ type: 'string', description })
export const count = (description: string): Schema => ({ type: 'integer', description })
export const number = (description: string): Schema => ({ type: 'number', description })
export const flag = (description: string): Schema => ({ type: 'boolean', description })
export const oneOf = (values: readonly string[], description: string): Schema => ({ enum: values, description })
export const at = (description: string): Schema => number(`Epoch ms ${description}`)
/** Returns the schema of a stored value, which can be any JSON. */
export const anything = (description: string): Schema => ({ description })
export const listOf = (items: Schema): Schema => ({ type: 'array', items })
export const optional = (schema: Schema): OptionalSchema => ({ optional: schema })
export const nullable = (description: string): Schema => ({ type: ['string', 'null'], description })

/** Returns the schema of an object with these properties. Later releases may add others. */
export function object<Info extends object>(properties: Properties<Info>): Schema {
  const entries = Object.entries<Schema | OptionalSchema>(properties)
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, of]) => [name, 'optional' in of ? of.optional : of])),
    required: entries.filter(([, of]) => !('optional' in of)).map(([name]) => name),
  }
}
