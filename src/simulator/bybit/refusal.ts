/** What bybit answers instead of data: 200 in most cases, its own code and words inside. */
export class Refusal extends Error {
  readonly retCode: number
  readonly status: number

  constructor(retCode: number, message: string, status = 200) {
    super(message)
    this.retCode = retCode
    this.status = status
  }
}

export const refusals = {
  parameter: (name: string) => new Refusal(10001, `params error: ${name} invalid`),
  late: (serverMs: number, sentMs: number, windowMs: number) =>
    new Refusal(
      10002,
      `invalid request, please check your server timestamp or recv_window param. req_timestamp[${sentMs}],server_timestamp[${serverMs}],recv_window[${windowMs}]`,
    ),
  key: () => new Refusal(10003, 'API key is invalid.'),
  signature: () => new Refusal(10004, 'error sign! please check your signature generation algorithm.'),
  permission: () => new Refusal(10005, 'Permission denied, please check your API key permissions.'),
  pace: () => new Refusal(10006, 'Too many visits. Exceeded the API Rate Limit.'),
  unavailable: () => new Refusal(10016, 'Internal server error.'),
  address: () => new Refusal(10018, 'Exceeded the IP Rate Limit.', 403),
  noSuchPath: () => new Refusal(404, 'Not Found', 404),
} as const
