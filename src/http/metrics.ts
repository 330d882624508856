/**
 * A small Prometheus registry: counters, gauges and histograms with few labels. Label values are chosen by us
 * (routes, codes, statuses), never by a client, and the series of a metric are bounded all the same.
 */
export type Labels = Readonly<Record<string, string>>

export interface Counter {
  add(labels?: Labels, value?: number): void
}

export interface Gauge {
  set(value: number, labels?: Labels): void
}

export interface Histogram {
  observe(value: number, labels?: Labels): void
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  lines(): string[]
}

export class Registry {
  readonly #families = new Map<string, Family>()
  readonly #seriesMax: number

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax
  }

  counter(name: string, help: string): Counter {
    const values = new Series<{ value: number }>(this.#seriesMax, () => ({ value: 0 }))
    this.#register({
      name,
      help,
      type: 'counter',
      lines: () => values.map((key, { value }) => `${name}${key} ${number(value)}`),
    })
    return {
      add(labels = {}, value = 1) {
        const series = values.of(labels)
        if (series !== null && value >= 0) series.value += value
      },
    }
  }

  /** With `read`, its value is asked for when the metrics are. */
  gauge(name: string, help: string, read?: () => number): Gauge {
    const values = new Series<{ value: number }>(this.#seriesMax, () => ({ value: 0 }))
    this.#register({
      name,
      help,
      type: 'gauge',
      lines: () =>
        read === undefined
          ? values.map((key, { value }) => `${name}${key} ${number(value)}`)
          : [`${name} ${number(read())}`],
    })
    return {
      set(value, labels = {}) {
        const series = values.of(labels)
        if (series !== null) series.value = value
      },
    }
  }

  /** `bounds` ascending, in the unit of the name's ending. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const values = new Series<{ counts: number[]; sum: number; count: number }>(this.#seriesMax, () => ({
      counts: bounds.map(() => 0),
      sum: 0,
      count: 0,
    }))
    this.#register({
      name,
      help,
      type: 'histogram',
      lines: () =>
        values.flatMap((key, { counts, sum, count }) => [
          ...bounds.map(
            (bound, index) => `${name}_bucket${withLe(key, String(bound))} ${counts[index] ?? 0}`,
          ),
          `${name}_bucket${withLe(key, '+Inf')} ${count}`,
          `${name}_sum${key} ${number(sum)}`,
          `${name}_count${key} ${count}`,
        ]),
    })
    return {
      observe(value, labels = {}) {
        const series = values.of(labels)
        if (series === null || !Number.isFinite(value)) return
        series.sum += value
        series.count += 1
        bounds.forEach((bound, index) => {
          if (value <= bound) series.counts[index] = (series.counts[index] ?? 0) + 1
        })
      },
    }
  }

  #register(family: Family): void {
    if (!/^[a-z][a-z0-9_]*$/.test(family.name)) throw new TypeError(`not a metric's name: ${family.name}`)
    if (this.#families.has(family.name)) throw new TypeError(`${family.name} is there already`)
    this.#families.set(family.name, family)
  }

  /** Text format 0.0.4. */
  text(): string {
    const lines = [...this.#families.values()].flatMap((family) => [
      `# HELP ${family.name} ${family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${family.name} ${family.type}`,
      ...family.lines(),
    ])
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`
  }
}

/** The series of one metric by their labels. */
class Series<Value> {
  readonly #values = new Map<string, Value>()
  /** The same by their labels as they come: writing them out each time costs more than counting. */
  readonly #known = new Map<string, Value>()
  readonly #seriesMax: number
  readonly #make: () => Value

  constructor(seriesMax: number, make: () => Value) {
    this.#seriesMax = seriesMax
    this.#make = make
  }

  /** Null where there would be too many. */
  of(labels: Labels): Value | null {
    let name = ''
    for (const label in labels) name += `${label}\0${labels[label]}\0`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const value = this.#added(labels)
    if (value !== null && this.#known.size < 2 * this.#seriesMax) this.#known.set(name, value)
    return value
  }

  #added(labels: Labels): Value | null {
    const key = keyOf(labels)
    const there = this.#values.get(key)
    if (there !== undefined) return there
    if (this.#values.size >= this.#seriesMax) return null
    const value = this.#make()
    this.#values.set(key, value)
    return value
  }

  map(line: (key: string, value: Value) => string): string[] {
    return [...this.#values].map(([key, value]) => line(key, value))
  }

  flatMap(lines: (key: string, value: Value) => string[]): string[] {
    return [...this.#values].flatMap(([key, value]) => lines(key, value))
  }
}

function keyOf(labels: Labels): string {
  const names = Object.keys(labels).toSorted()
  if (names.length === 0) return ''
  const pairs = names.map((name) => `${name}="${escaped(labels[name] ?? '')}"`)
  return `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.slice(0, 128).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function withLe(key: string, bound: string): string {
  return key === '' ? `{le="${bound}"}` : `${key.slice(0, -1)},le="${bound}"}`
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}
