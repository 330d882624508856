import { readFileSync } from 'node:fs'
import type { OwnershipTypedData } from '@perf-agg/sdk'
import { sign } from '../e2e/address.ts'

/** A wallet with somebody at it: signs the typed data that comes on standard input. */

process.stdout.write(`${sign(JSON.parse(readFileSync(0, 'utf8')) as OwnershipTypedData)}\n`)
