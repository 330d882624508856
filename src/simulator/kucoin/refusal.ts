import { Refusal } from '../refusal.ts'

/** What kucoin says instead of data. */
export const refusals = {
  internal: () => new Refusal(500, '500000', 'Internal Server Error'),
  pool: () => new Refusal(429, '429000', 'too many requests'),
  shutOut: () => new Refusal(403, '', 'Forbidden'),
  missing: (header: string) =>
    new Refusal(401, '400001', `Please check the header of your request for ${header}`),
  late: () => new Refusal(400, '400002', 'KC-API-TIMESTAMP Invalid'),
  key: () => new Refusal(401, '400003', 'KC-API-KEY not exists'),
  passphrase: () => new Refusal(401, '400004', 'KC-API-PASSPHRASE error'),
  signature: () => new Refusal(401, '400005', 'Signature error'),
  permission: () => new Refusal(403, '400007', 'Access denied, require more permission.'),
  parameter: (name: string) => new Refusal(400, '400100', `Parameter Error: ${name}`),
  noSuchPath: () => new Refusal(404, '404000', 'Not Found'),
} as const
