/**
 * Documented answers that no adapter can meet, and why. What concerns fills, balances, positions, ledgers, deposits,
 * withdrawals, payments of funding or permissions is no reason here: it is served to the adapters.
 */
export interface Reason {
  readonly because: string
  /** Of paths below the reference's folder, without the ending. */
  readonly files: readonly RegExp[]
}

export const reasons: readonly Reason[] = [
  {
    because: 'an order moves nothing: its fills are read, and they alone',
    files: [
      /Get\w*Orders$/,
      /GetOrderHistory$/,
      /http_\w*orders?_(?!events)\w+$|http_(?:order|closed_orders)$/,
      /http_get_spread_orders$/,
      /http_(?:futures_)?(?:open_orders|order_events\w*)$/,
      /http_get_orders?_\w+$/,
      /ws_account_order\w*$|ws_futures_open_orders\w*$/,
      /http_json\/(?:all_orders|open_orders|order|open_algo_orders)(?:_response)?$/,
    ],
  },
  {
    because: 'it answers a call that moves something, which egress lets nobody make',
    files: [
      /PlaceMultipleOrders$|ClosePosition$|AcceptQuote$|ConvertQuoteRequest$|GetConvertQuote$/,
      /\/(?:Transfer|TransferFuturesAccount|DustTransfer|ConvertBusd|AllocatePortfolio|CommitConvertTrade)$/,
      /PortfolioMarginBankruptcyLoanRepay$/,
      /http_(?:add|cancel|send|place)_\w+$|http_json\/(?:cancel|new)_\w+$|http_set_\w+$|http_post_\w+$/,
    ],
  },
  {
    because: 'prices come from candles: no ticker, no book, no trade of others, no rate',
    files: [
      /Get(?:Rolling\w*|Block|Option|Spread)?Tickers?$|GetTickers?$|GetExchangeInfoAndTickers$/,
      /(?:book|ticker|trades_recent|recent_trades|http_get_trades|http_trades|index_price|public_executions)\w*$/,
      /http_json\/(?:avg_price|trades|ticker\w*|book_ticker)_response$/,
      /(?:funding_rates?|funding_rate_history|http_get_fee_rate|trade_fee_response|option_summary|mark_price)$/,
      /ExchangeData\/Get(?:Funding|Trade)History$/,
      /http_(?:get_)?funding_history$/,
    ],
  },
  {
    because: 'it says what may be traded on which terms, beyond the lists that name the instruments',
    files: [
      /GetConvert(?:ListAllPairs|QuantityPrecisionPerAsset)$|GetExecutionRules$|UnitConvert$|GetMarkets$/,
      /GetMarginSymbols$|GetCrossMarginSymbols$|position_tiers$|Get(?:Option|Spread)Symbols$|http_get_spreads$/,
      /http_get_instruments_option\w*$|http_get_instruments_margin$|http_product$|(?:GetFutures|Unified\/ExchangeData\/GetSpot)Symbols$/,
      /http_json\/(?:exchange_info|ping|server_time)_response$|system_status$|http_server_time$/,
    ],
  },
  {
    because: 'it says how much more could be lent, moved or earned, which changes nothing',
    files: [
      /Max(?:Transfer\w*)$|GetTransferable$|GetAutoConvertStableCoinConfig$|GetPortfolioMarginBankruptcyLoan$/,
      /GetSubscriptionOrders$|GetDownload\w+$/,
    ],
  },
  {
    because: 'it administers users, brokers or settings of others',
    files: [/http_get_user_(?:sub|escrow)\w+$|GetBrokerAccountInfo$/],
  },
  {
    because: 'its fills and its ledger told before what it sums up',
    files: [
      /PositionHistory$|positions-history$|GetExecutionEvents$|spot_trade_balance$|GetConvertOrderStatus$/,
      /Unified\/Account\/GetFundingFeeHistory$/,
    ],
  },
  {
    because: 'it lies outside of what is watched: what goes there is a transfer',
    files: [
      /GetStakedPositions$|AdvancedTrade\/Account\/GetPortfolios?$|http_cfm_\w+$/,
      /AdvancedTrade\/Trading\/Get(?:FuturesPositions|PerpetualPosition)$/,
    ],
  },
  {
    because: 'it says what stands in the balances already',
    files: [/SimpleEarn\/Get\w+Positions$|GetDailyMarginAccountSnapshot$/],
  },
  {
    because: 'an event of a stream that says no more than one that is served',
    files: [/ws_account_execution_fast\w*$|ws_futures_fills_\w+$/],
  },
  {
    because: 'it tells the time, as the date of every answer does',
    files: [/GetServerTime$/],
  },
]
