/** What the exchange answers instead of data: its status, its code, its words. */
export class Refusal extends Error {
  readonly status: number
  readonly code: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }

  body(): string {
    return JSON.stringify({ code: this.code, msg: this.message })
  }
}

export const refusals = {
  unknown: () => new Refusal(503, -1000, 'An unknown error occurred while processing the request.'),
  duplicate: () => new Refusal(400, -1101, 'Duplicate values for parameter detected.'),
  illegal: (name: string, range: string) =>
    new Refusal(400, -1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`),
  missing: (name: string) =>
    new Refusal(400, -1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`),
  unread: (read: number, sent: number) =>
    new Refusal(
      400,
      -1104,
      `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`,
    ),
  empty: (name: string) => new Refusal(400, -1105, `Parameter '${name}' was empty.`),
  interval: () => new Refusal(400, -1120, 'Invalid interval.'),
  symbol: () => new Refusal(400, -1121, 'Invalid symbol.'),
  tooLong: (span: string) =>
    new Refusal(400, -1127, `Lookup interval is too big. More than ${span} between startTime and endTime.`),
  combination: () => new Refusal(400, -1128, 'Combination of optional parameters invalid.'),
  invalid: (name: string) => new Refusal(400, -1130, `Data sent for parameter '${name}' is not valid.`),
  recvWindow: () => new Refusal(400, -1131, 'recvWindow must be less than 60000.'),
  late: () => new Refusal(400, -1021, 'Timestamp for this request is outside of the recvWindow.'),
  early: () => new Refusal(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time."),
  signature: () => new Refusal(400, -1022, 'Signature for this request is not valid.'),
  keyFormat: () => new Refusal(401, -2014, 'API-key format invalid.'),
  key: () => new Refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
  weight: (limit: number, retryAfterS: number) =>
    new Refusal(
      429,
      -1003,
      `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
      { 'Retry-After': String(retryAfterS) },
    ),
  ownWeight: (limit: number, used: number, retryAfterS: number) =>
    new Refusal(
      429,
      -1003,
      `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE for an account.`,
      { 'Retry-After': String(retryAfterS), 'X-SAPI-USED-UID-WEIGHT-1M': String(used) },
    ),
  banned: (untilMs: number, nowMs: number) =>
    new Refusal(
      418,
      -1003,
      `Way too much request weight used; IP banned until ${untilMs}. Please use WebSocket Streams for live updates to avoid bans.`,
      { 'Retry-After': String(Math.max(1, Math.ceil((untilMs - nowMs) / 1_000))) },
    ),
} as const
