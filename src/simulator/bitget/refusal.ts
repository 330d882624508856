import { Refusal } from '../refusal.ts'

/** What bitget says instead of data. */
export const refusals = {
  unavailable: () => new Refusal(500, '40725', 'service return an error'),
  pace: () => new Refusal(429, '429', 'Too Many Requests'),
  shutOut: () => new Refusal(403, '', 'Forbidden'),
  empty: (header: string, code: string) => new Refusal(400, code, `${header} cannot be empty`),
  timestamp: () => new Refusal(400, '40005', 'Invalid ACCESS_TIMESTAMP'),
  late: () => new Refusal(400, '40008', 'Request timestamp expired'),
  signature: () => new Refusal(400, '40009', 'sign signature error'),
  passphrase: () => new Refusal(400, '40012', 'apikey/password is incorrect'),
  permission: () => new Refusal(400, '40014', 'Incorrect permissions'),
  kind: (unified: boolean) =>
    unified
      ? new Refusal(400, '40085', 'You are in unified account mode')
      : new Refusal(400, '40084', 'You are in classic account mode'),
  key: () => new Refusal(400, '40037', 'Apikey does not exist'),
  parameter: (name: string) => new Refusal(400, '40017', `Parameter verification failed ${name}`),
  symbol: (name: string) => new Refusal(400, '40034', `Parameter ${name} does not exist`),
  noSuchPath: () => new Refusal(404, '40404', 'Request URL NOT FOUND'),
} as const
