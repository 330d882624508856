import t from 'tap'
import { Registry } from '../../src/http/metrics.ts'

t.test('counters, gauges and histograms in the text format', async (t) => {
  const registry = new Registry(10)
  const requests = registry.counter('requests_total', 'Requests\nanswered')
  requests.add({ route: '/a', code: 'x' })
  requests.add({ code: 'x', route: '/a' }, 2)
  requests.add({ route: 'quote " back \\ line \n' })
  requests.add({ route: '/a', code: 'x' }, -1)
  registry.gauge('open', 'Open').set(4)
  registry.gauge('asked', 'Asked for', () => 7)
  const seconds = registry.histogram('seconds', 'Time', [0.1, 1])
  seconds.observe(0.05, { a: 'b' })
  seconds.observe(0.1, { a: 'b' })
  seconds.observe(5, { a: 'b' })
  seconds.observe(Number.NaN, { a: 'b' })
  t.equal(
    registry.text(),
    `# HELP requests_total Requests\\nanswered
# TYPE requests_total counter
requests_total{code="x",route="/a"} 3
requests_total{route="quote \\" back \\\\ line \\n"} 1
# HELP open Open
# TYPE open gauge
open 4
# HELP asked Asked for
# TYPE asked gauge
asked 7
# HELP seconds Time
# TYPE seconds histogram
seconds_bucket{a="b",le="0.1"} 2
seconds_bucket{a="b",le="1"} 2
seconds_bucket{a="b",le="+Inf"} 3
seconds_sum{a="b"} 5.15
seconds_count{a="b"} 3
`,
  )
})

t.test('series are bounded, names are checked', async (t) => {
  const registry = new Registry(3)
  const counter = registry.counter('c_total', 'C')
  for (let index = 0; index < 100; index += 1) counter.add({ index: String(index) })
  t.equal(registry.text().split('\n').length, 6)
  t.throws(() => registry.counter('c_total', 'again'), TypeError)
  t.throws(() => registry.gauge('Bad-Name', 'x'), TypeError)
})
