import { Refusal } from '../refusal.ts'

/** What okx says instead of data. */
export const refusals = {
  unavailable: () => new Refusal(503, '50001', 'Service temporarily unavailable. Please try again later'),
  pace: () => new Refusal(429, '50011', 'Too Many Requests'),
  environment: () => new Refusal(401, '50101', 'APIKey does not match current environment.'),
  shutOut: () => new Refusal(403, '', 'Forbidden'),
  late: () => new Refusal(401, '50102', 'Timestamp request expired'),
  empty: (header: string, code: string) =>
    new Refusal(401, code, `Request header "${header}" can not be empty.`),
  passphrase: () => new Refusal(401, '50105', 'Request header "OK-ACCESS-PASSPHRASE" incorrect.'),
  key: () => new Refusal(401, '50111', 'Invalid OK-ACCESS-KEY'),
  timestamp: () => new Refusal(401, '50112', 'Invalid OK-ACCESS-TIMESTAMP'),
  signature: () => new Refusal(401, '50113', 'Invalid Sign'),
  permission: () => new Refusal(401, '50120', 'This API key does not have permission to use this function'),
  parameter: (name: string) => new Refusal(200, '51000', `Parameter ${name} error`),
  instrument: () =>
    new Refusal(200, '51001', "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
  noSuchPath: () => new Refusal(404, '404', 'Not Found'),
} as const
