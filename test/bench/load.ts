import { connect } from 'node:net'

/** Sends requests over a few connections, each the next as soon as it has its answer; a process of its own. */

interface Order {
  readonly url: string
  readonly path: string
  readonly body: string | null
  readonly count: number
  readonly status: number
}

const connections = 16

process.on('message', (order: Order) => {
  const { hostname, port, host } = new URL(order.url)
  const { path, body } = order
  const head = `${body === null ? 'GET' : 'POST'} ${path} HTTP/1.1\r\nhost: ${host}\r\n`
  const form = 'content-type: application/json\r\ncontent-length: '
  const request = Buffer.from(body === null ? `${head}\r\n` : `${head}${form}${body.length}\r\n\r\n${body}`)
  const begins = `HTTP/1.1 ${order.status} `
  let sent = 0
  let right = 0
  let ended = 0
  for (let one = 0; one < connections; one += 1) {
    const socket = connect(Number(port), hostname)
    let answer = ''
    const next = (): void => {
      if (sent < order.count) {
        sent += 1
        socket.write(request)
      } else socket.end()
    }
    socket.on('connect', next)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      const end = answer.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0)
      if (answer.length < end + 4 + length) return
      if (answer.startsWith(begins)) right += 1
      answer = ''
      next()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      ended += 1
      if (ended === connections) process.send!(right)
    })
  }
})
