import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJson, parseStatement, type Statement, statementDigest } from '@perf-agg/sdk'
import t, { type Test } from 'tap'
import { type Answer, ask, register } from './forge.ts'
import { House, ShiftedClock, until } from './house.ts'

/** From the chain to a backend that does what it should not: what is stated arrives, in order, and nowhere else. */

interface Post {
  readonly client: string
  readonly digest: string
  readonly body: Buffer
  readonly statement: Statement
}

type Behaviour = (response: ServerResponse, post: Post, attempt: number) => void

async function listen(
  t: Test,
  handle: (post: Post | null, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      if (request.method !== 'POST' || request.url !== '/base/api/ingest') return handle(null, response)
      const body = Buffer.concat(parts)
      const statement = parseStatement(parseJson(body))
      handle(
        { client: statement.client_id, digest: String(request.headers['idempotency-key']), body, statement },
        response,
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What each client's statements meet, and everything that came. */
class Backend {
  readonly posts: Post[] = []
  readonly taken: Post[] = []
  strays = 0
  behaviours: Readonly<Record<string, Behaviour>> = {}
  url = ''

  static async open(t: Test): Promise<Backend> {
    const backend = new Backend()
    const url = await listen(t, (post, response) => {
      if (post === null) {
        backend.strays += 1
        return void response.writeHead(404).end()
      }
      backend.posts.push(post)
      const attempt = backend.postsOf(post.client).filter(({ digest }) => digest === post.digest).length
      backend.behaviours[post.client]?.(response, post, attempt)
      if (response.writableEnded || backend.behaviours[post.client] !== undefined) return
      backend.taken.push(post)
      response.writeHead(204).end()
    })
    backend.url = `${url}/base`
    return backend
  }

  postsOf(client: string): Post[] {
    return this.posts.filter((post) => post.client === client)
  }

  /** Types in the order in which they were posted. */
  typesOf(client: string): string[] {
    return this.postsOf(client).map(({ statement }) => statement.metadata.type)
  }
}

const backend = await Backend.open(t)
const folder = mkdtempSync(join(tmpdir(), 'perf-agg-delivery-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const clock = new ShiftedClock()
let house = await House.open(t, { folder, clock })

const enroll = async (client: string): Promise<Answer> => {
  const answer = await register(house.daemon.urls.enclave, {
    nowMs: clock.nowMs(),
    change: { client_id: client },
  })
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  return answer
}
const end = ({ body }: Answer): Promise<Answer> =>
  ask(house.daemon.urls.enclave, '/enclave/cleanup', { session_id: body['session_id'] })

interface Deliveries {
  readonly pending: number
  readonly parked: number
  readonly parked_codes: readonly string[]
}
const deliveries = async (): Promise<Deliveries> => (await house.status())['deliveries'] as Deliveries

async function alarm(name: string): Promise<number> {
  const text = await (await fetch(`${house.daemon.urls.operations}/metrics`)).text()
  return Number(new RegExp(`^perf_agg_${name} (\\S+)$`, 'm').exec(text)?.[1])
}

t.test('without a backend statements wait', async (t) => {
  for (const client of ['takes', 'breaks', 'redirects', 'floods', 'refuses', 'hangs'])
    await end(await enroll(client))
  t.match(await deliveries(), { pending: 12, parked: 0 })
  await house.daemon.stop()
})

t.test('a backend that breaks, redirects, floods, refuses and hangs', async (t) => {
  let elsewhere = 0
  const other = await listen(t, (_post, response) => {
    elsewhere += 1
    response.writeHead(200).end()
  })
  const floods: NodeJS.Timeout[] = []
  t.teardown(() => floods.forEach((timer) => clearInterval(timer)))
  const later = (response: ServerResponse, post: Post): void => {
    backend.taken.push(post)
    response.writeHead(200).end('{}')
  }
  backend.behaviours = {
    breaks: (response, post, attempt) => {
      if (attempt === 1) response.writeHead(500).end('<html>')
      else later(response, post)
    },
    redirects: (response, post, attempt) => {
      if (attempt === 1) response.writeHead(307, { location: `${other}/base/api/ingest` }).end()
      else later(response, post)
    },
    floods: (response, post) => {
      backend.taken.push(post)
      response.writeHead(200)
      floods.push(setInterval(() => response.write(Buffer.alloc(65_536, 'x')), 1))
    },
    refuses: (response) => void response.writeHead(400).end('{"error":"no"}'),
    hangs: () => undefined,
  }
  house = await House.open(t, { folder, clock, flags: { backend_url: backend.url } })
  await until('a first try of each', () => new Set(backend.posts.map(({ client }) => client)).size === 6)
  await until('what is well goes on', () => backend.typesOf('takes').length === 2)
  await until('a flood is no failure', () => backend.typesOf('floods').length === 2)
  await until('an alarm', async () => (await deliveries()).parked === 1)
  t.match(await deliveries(), { parked: 1, parked_codes: ['400'] })
  t.equal(await alarm('deliveries_parked'), 1)
  t.ok((await alarm('deliveries_pending')) >= 1)
  t.match(
    await ask(house.daemon.urls.enclave, '/livez'),
    { status: 200 },
    'it lives, whatever the backend does',
  )

  // the pause is over, and something new makes it look
  clock.offsetMs += 15_000
  await enroll('takes')
  await until(
    'tried again',
    () => backend.typesOf('breaks').length === 3 && backend.typesOf('redirects').length === 3,
  )
  t.equal(elsewhere, 0, 'a redirect is never followed')
  for (const client of ['breaks', 'redirects']) {
    t.same(backend.typesOf(client), ['registered', 'registered', 'closed'])
    const [first, second] = backend.postsOf(client)
    t.ok(first!.body.equals(second!.body), 'the same bytes under the same name')
    t.equal(first!.digest, await statementDigest(first!.statement))
    t.equal(first!.digest, second!.digest)
  }
  t.same(backend.typesOf('refuses'), ['registered'], 'what comes after a parked one waits')
  t.same(backend.typesOf('hangs'), ['registered'])
  const begun = performance.now()
  await house.daemon.stop()
  t.ok(performance.now() - begun < 25_000, 'it stops while a post hangs')
})

t.test('a later start delivers all the rest, each account in its order', async (t) => {
  backend.behaviours = {}
  house = await House.open(t, { folder, clock, flags: { backend_url: backend.url } })
  await until('nothing is left', async () => {
    const { pending, parked } = await deliveries()
    return pending === 0 && parked === 0
  })
  t.equal(await alarm('deliveries_parked'), 0)
  const chains = new Map<string, Statement[]>()
  for (const { statement } of backend.taken) {
    const { account } = statement.metadata
    chains.set(account, [...(chains.get(account) ?? []), statement])
  }
  t.equal(chains.size, 6)
  for (const chain of chains.values()) {
    t.same(
      chain.map(({ metadata }) => metadata.sequence),
      chain.map((_, index) => index + 1),
      `${chain[0]!.client_id}: every one once, in order`,
    )
  }
  t.equal(backend.strays, 0, 'nothing is asked but /api/ingest')
})
