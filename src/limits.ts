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
    urlBytesMax: 2_048,
    headersTimeoutMs: 10_000,
    /** Headers and body; the answer may take longer. */
    requestTimeoutMs: 15_000,
    /** An idle connection is kept so long for the next request. */
    keepAliveTimeoutMs: 10_000,
    /** How often slow requests are looked for. */
    slowCheckMs: 1_000,
    /** Memory: an idle connection holds some 20 KiB. */
    connectionsMax: 2_048,
    /** Of one address that is no trusted proxy: slow ones must not take all. */
    connectionsPerAddressMax: 256,
    /** The operator's listener needs few. */
    operationsConnectionsMax: 128,
    requestsPerConnectionMax: 10_000,
    /** Per client address and minute, all routes together. */
    requestsPerAddressPerMinute: 600,
    /** An unknown session id counts as so many requests: guesses end soon. */
    unknownSessionCost: 10,
    /** Addresses remembered for rates; the longest quiet one is forgotten first. */
    addressesMax: 20_000,
    /** Every box that does not open is answered after this time, whatever the cause. */
    boxRefusalMs: 25,
    /** Opening a box costs a scalar multiplication: a global quota stands before it. */
    boxesPerSecond: 200,
    /** A quote asks the hardware: dearer still. */
    quotesPerSecond: 50,
    /** A page of a public record is some 250 KB to put together, a picture some 20 ms: for everybody together. */
    recordsPerSecond: 100,
    /** Series of one metric; labels are few, so more is a mistake of ours. */
    seriesMax: 512,
  },
  ws: {
    /** A feed is open for long and holds a session: fewer than requests, and of one address a tool's worth. */
    connectionsMax: 512,
    connectionsPerAddressMax: 64,
    /** From the handshake to a good auth message. */
    authTimeoutMs: 10_000,
    /** A trade is under 300 bytes. */
    messageBytesMax: 8_192,
    jsonDepthMax: 4,
    /** Beyond this the connection is read no faster; nothing is lost. */
    messagesPerSecond: 500,
    messagesBurst: 1_000,
    /** Trades of one connection that wait to be durable; then it is read no further. */
    tradesWaitingMax: 256,
    /** Messages without sense before the connection is closed. */
    malformedMax: 8,
    pingIntervalMs: 30_000,
    /** Not yet taken by the client: from here on only the newest metrics wait. */
    waitingBytesMax: 262_144,
    /** And from here on the client is too slow. */
    waitingBytesStop: 4_194_304,
    symbolLengthMax: 40,
    tradeIdLengthMax: 64,
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
    heapMegabytesMax: 256,
  },
  listener: {
    /** An account that is listened to takes about 1 MB. */
    heapMegabytesMax: 384,
    /** From the credentials to the exchange's word that it will tell. */
    openTimeoutMs: 20_000,
    /** Markets named in one hint; the others are found by the poll, as without it. */
    marketsMax: 64,
    /** What happens within this time is one hint. */
    gatherMs: 250,
    /** Accounts of one process: its connections are bounded as well. */
    accountsMax: 256,
    eventDepthMax: 16,
    /** A session that is over leaves its traces in a process for no longer than that. */
    replaceAfterMs: 1_800_000,
    /** The longest ban there is: binance's three days. */
    retryAfterMsMax: 259_200_000,
  },
  stream: {
    /** Connections of one egress process; binance takes 300 new ones in five minutes from an address. */
    streamsMax: 512,
    /** An event of an account with hundreds of coins is some 50 KB. */
    messageBytesMax: 262_144,
    /** Of one connection; what comes faster waits at the exchange's end. */
    messagesPerSecond: 200,
    /** A signed subscription is under 1 KB. */
    saidBytesMax: 8_192,
    /** All that is said on one connection: who we are, what we want to hear, and for a day every 18 s that we are here. */
    saidMax: 8_192,
    pingIntervalMs: 30_000,
    /** Not even an answer to a ping for so long: the connection is gone. */
    silenceMsMax: 75_000,
  },
  collector: {
    /** Heap of the child; a poll of 50,000 fills needs about half of it. */
    heapMegabytesMax: 384,
    /** Calls of one poll that run at the same time. */
    callsAtOnceMax: 6,
    /** A job that takes longer has hung: its pair is ended and replaced. */
    jobTimeoutMs: 240_000,
    startTimeoutMs: 20_000,
    /** A job that asks prices begins no further one after this; the next goes on. */
    candlesMsMax: 60_000,
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
    /** The same while the time before the first poll is read: more than half a minute's weight. */
    historySymbolsMax: 150,
    /** Markets that a stream named and a poll tries: where it lies, a poll costs so much more. */
    hintsMax: 12,
    /** Waits of our own inside a poll (retries, a full minute); longer ones are the scheduler's. */
    waitMsMax: 10_000,
    retriesMax: 10,
    retryPauseMs: 250,
    retryPauseMsMax: 8_000,
    symbolsMax: 20_000,
    assetsMax: 20_000,
    /** Open positions of contracts, each side of each. */
    positionsMax: 2_048,
    cursorBytesMax: 2_097_152,
    credentialBytesMax: 16_384,
    candlesMax: 100_000,
    wantsMax: 1_000,
  },
  statement: {
    /** A clock that was set back by less stands still; by more, nothing is signed. */
    clockBackMsMax: 5_000,
  },
  attestation: {
    /** Linux hands out reports of up to 32 KiB; certificate tables of hosts are no larger. */
    blobBytesMax: 1_048_576,
    /** A platform that is busy with another guest's request is asked again so often. */
    triesMax: 6,
    /** Before the second try; each next pause is longer by as much. A TDX quote takes some 10 ms, rarely a second. */
    pauseMs: 150,
    /** A list of Intel's revoked platforms is some 3 KiB, TCB info under 10; and a quote must stay under a megabyte. */
    endorsementBytesMax: 131_072,
    dstackTimeoutMs: 20_000,
    /** All that makers publish about one platform: a handful of small files, at the start and then daily. */
    gatherTimeoutMs: 20_000,
    gatherPauseMs: 86_400_000,
    gatherRetryMs: 600_000,
    /** A quote, an event log and the configuration of the machine, in hex and JSON. */
    dstackAnswerBytesMax: 2_097_152,
  },
  log: {
    /** However much is logged, heads are signed no more often; a statement is in a checkpoint within about that. */
    checkpointPauseMs: 1_000,
    /** A witness that is slower is asked again with the next checkpoint. */
    witnessTimeoutMs: 5_000,
    /** A few signature lines. */
    witnessAnswerBytesMax: 65_536,
    /** Evidence is logged anew after so long: a verifier asks for 25 h at most. */
    evidencePauseMs: 86_400_000,
    /** Statements of one page of a record: some 400 KB. */
    recordPageRows: 100,
  },
  handover: {
    /** Evidence and its judgement take a second or so on real hardware. */
    answerMsMax: 20_000,
    /** A daemon that stops takes 10 s at most. */
    drainMsMax: 15_000,
    /** From its last word until its process has let the folder go. */
    lockMsMax: 10_000,
    lockPauseMs: 50,
    /** Chains that are told of the new key in one go. */
    accountsAtOnce: 200,
  },
  page: {
    /** A record that was not added to for so long is shown as stale: hours are stated within minutes, rarely hours. */
    staleMs: 21_600_000,
    /** The figures of a badge are computed no more often. */
    summaryMs: 60_000,
    /** Summaries kept; the one asked for longest ago is computed anew. */
    summariesMax: 256,
    /** Points of the curve in a picture. */
    curvePointsMax: 400,
  },
  delivery: {
    /** Accounts posted at one time; one account is always in order. */
    postsMax: 16,
    connectTimeoutMs: 5_000,
    /** From the first byte sent to the last one read. */
    postTimeoutMs: 30_000,
    /** A start waits so long to hear what the backend remembers. */
    recallMsMax: 5_000,
    /** What a backend answers is only looked at for its status. */
    answerBytesMax: 65_536,
    /** The first pause; each one after is up to twice as long. */
    pauseMs: 5_000,
    pauseMsMax: 36_000_000,
    /** A statement that was refused or not reached for so long is parked, with an alarm. */
    trialMsMax: 604_800_000,
    /** The live loop looks at least so often. */
    lookMs: 60_000,
  },
  pacing: {
    /** More often brings nothing but weight. */
    pauseMsMin: 30_000,
    /** A quiet account is looked at this often all the same: a balance read anchors its hours. */
    pauseMsMax: 300_000,
    /** Exchanges write an hour's last entries a few seconds after it. */
    settlingMs: 5_000,
  },
  daemon: {
    /** Ledgers kept in memory between polls, some 300 to 500 kB each; the others are read back from the store, 20 kB each. */
    ledgersMax: 500,
    /** Polls under way at the same time. */
    pollsMax: 4,
    /** Entries of the one past that is read: some 100 MB. Of a busier account the newest so many are told. */
    pastEntriesMax: 50_000,
    /** Of one job that prices a past: others wait for its process. */
    pastWantsMax: 64,
  },
} as const

/** A part of the limits with other numbers: tests and the configuration set some. */
export type Bounds<Part> = { readonly [Name in keyof Part]: number }
export type HttpLimits = Bounds<typeof limits.http>
export type WsLimits = Bounds<typeof limits.ws>
