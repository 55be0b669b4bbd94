"""ib_insync 0.9.86, which many programs still stand on: connect, snapshot, market order, history.

    python insync.py HOST PORT
"""

import sys

from ib_insync import IB, Forex, MarketOrder, Stock

ib = IB()
ib.RequestTimeout = 15
ib.connect(sys.argv[1], int(sys.argv[2]), clientId=12, timeout=15)
assert ib.managedAccounts()[0].startswith("DU"), ib.managedAccounts()

(stock,) = ib.qualifyContracts(Stock("MSFT", "SMART", "USD"))
assert stock.conId > 0
details = ib.reqContractDetails(stock)[0]
assert details.minTick > 0 and details.timeZoneId

(ticker,) = ib.reqTickers(stock)
assert 0 < ticker.bid < ticker.ask, ticker

trade = ib.placeOrder(stock, MarketOrder("BUY", 5))
while not trade.isDone():
    ib.waitOnUpdate(timeout=15) or sys.exit("the order does not come to an end")
assert trade.orderStatus.status == "Filled", trade
assert trade.orderStatus.filled == 5, trade

# A day alone has no more than the minutes since midnight in New York.
bars = ib.reqHistoricalData(
    stock, endDateTime="", durationStr="2 D", barSizeSetting="5 mins", whatToShow="TRADES", useRTH=False
)
assert len(bars) > 10, bars
assert all(bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high for bar in bars)
days = ib.reqHistoricalData(
    Forex("USDJPY"), endDateTime="", durationStr="1 M", barSizeSetting="1 day", whatToShow="MIDPOINT", useRTH=True
)
assert len(days) > 5, days

closing = ib.placeOrder(stock, MarketOrder("SELL", 5))
while not closing.isDone():
    ib.waitOnUpdate(timeout=15) or sys.exit("the closing order does not come to an end")
assert {value.tag for value in ib.accountSummary()} >= {"NetLiquidation", "BuyingPower"}
ib.disconnect()
print("ib_insync: connected, quoted, traded, charted")
