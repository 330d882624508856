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
  frame: {
    /** A cursor and an anchor travel in a head; nothing else is long. */
    headBytesMax: 4_194_304,
    bodyBytesMax: 67_108_864,
    jsonDepthMax: 16,
  },
  egress: {
    /** binance's list of all spot markets is some 15 MB; everything else is under 1 MB. After decompression. */
    bodyBytesMax: 33_554_432,
    headerBytesMax: 16_384,
    urlBytesMax: 8_192,
    requestBodyBytesMax: 65_536,
    connectTimeoutMs: 5_000,
    /** From the request's first byte to the answer's last. */
    requestTimeoutMs: 30_000,
    /** Requests at one time; the collector sends fewer. */
    requestsMax: 16,
    /** Distinct origins that may be called; ours are a handful. */
    originsMax: 64,
  },
  collector: {
    /** Heap of the child; a poll of 50,000 fills needs about half of it. */
    heapMegabytesMax: 384,
    /** Calls of one poll that run at the same time. */
    callsAtOnceMax: 6,
    /** A job that takes longer has hung: its pair is ended and replaced. */
    jobTimeoutMs: 240_000,
    startTimeoutMs: 20_000,
    /** Jobs waiting for a pair; more are refused, the scheduler asks again. */
    waitingMax: 1_024,
    stderrBytesMax: 65_536,
    /** Rows of one poll; what is left comes with the next. */
    fillsMax: 50_000,
    flowsMax: 20_000,
    /** Pages of one list in one poll. */
    pagesMax: 64,
    /** Symbols tried in one poll when balances moved and nothing says why: 40 × 20 weight of 6,000 a minute. */
    searchSymbolsMax: 40,
    /** Waits of our own inside a poll (retries, a full minute); longer ones are the scheduler's. */
    waitMsMax: 10_000,
    retriesMax: 10,
    retryPauseMs: 250,
    retryPauseMsMax: 8_000,
    symbolsMax: 20_000,
    assetsMax: 20_000,
    cursorBytesMax: 2_097_152,
    credentialBytesMax: 16_384,
    candlesMax: 100_000,
    wantsMax: 1_000,
  },
} as const
