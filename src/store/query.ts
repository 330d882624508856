import type { Compilable } from 'kysely'

/** What a column holds on its way in. */
export type Value = string | number | Uint8Array | null

/** A query built once by kysely and run many times: its text, and which value stands at each of its places. */
export interface Query<Values> {
  readonly sql: string
  bind(values: Values): Value[]
}

class Slot {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Every property asked for is a slot of that name: kysely takes it for a value and gives it back as parameter. */
const slots = new Proxy({}, { get: (_target, name) => new Slot(String(name)) })

export function query<Values extends { readonly [name: string]: Value }>(
  build: (slot: Values) => Compilable,
): Query<Values> {
  const { sql, parameters } = build(slots as Values).compile()
  const places = parameters.map((parameter) => {
    return parameter instanceof Slot ? { name: parameter.name } : { value: parameter as Value }
  })
  return {
    sql,
    bind: (values) => places.map((place) => ('name' in place ? values[place.name]! : place.value)),
  }
}
