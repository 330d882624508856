/**
 * Every bound of the daemon in one place, each with its reason. What lies beyond one is refused with a code,
 * never cut off silently.
 */
export const limits = {
  http: {
    /** A sealed box is under 8 KiB; the rest of the API takes less. */
    bodyBytesMax: 65_536,
    /** Deeper JSON is only ever an attack. */
    jsonDepthMax: 32,
    headersMax: 64,
    headerBytesMax: 8_192,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 15_000,
    connectionsMax: 2_048,
    /** Per client address and minute, all routes together. */
    requestsPerAddressPerMinute: 600,
    /** Opening a box costs a scalar multiplication: a global quota stands before it. */
    boxesPerSecond: 200,
    /** A quote asks the hardware: dearer still. */
    quotesPerSecond: 50,
  },
} as const
