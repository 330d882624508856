import {
  fromBase64,
  type HardwareEvidence,
  judgeHardware,
  sealBox,
  toBase64,
  utf8,
  verdictOf,
} from '@perf-agg/sdk'

/** What the page does: judges the evidence it is handed, seals a box, and tells what came out. */

interface Task {
  readonly vectors: readonly { name: string; atMs: number; evidence: HardwareEvidence }[]
  /** base64 */
  readonly boxKey: string
}

async function work(): Promise<object> {
  const task = (await (await fetch('/task')).json()) as Task
  const judged = []
  for (const { name, atMs, evidence } of task.vectors) {
    const begunMs = performance.now()
    const { steps, verified } = await judgeHardware(evidence, null, { atMs, policy: null })
    const codes = steps.filter(({ status }) => status !== 'affirming').map(({ code }) => code)
    const ms = Math.round(performance.now() - begunMs)
    judged.push({ name, verdict: verdictOf(steps), codes, measurements: verified?.measurements ?? {}, ms })
  }
  const sealed = toBase64(await sealBox(fromBase64(task.boxKey), utf8('sealed in a page')))
  return { judged, sealed, agent: navigator.userAgent, secure: Reflect.get(globalThis, 'isSecureContext') }
}

async function tell(): Promise<void> {
  let result: object
  try {
    result = await work()
  } catch (error) {
    result = { failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
  }
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
}

void tell()
