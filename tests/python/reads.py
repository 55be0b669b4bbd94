"""What a program reads through ib_async: each must bring something that the others bear out.

    python reads.py HOST PORT
"""

import datetime
import sys
import time

from ib_async import IB, MarketOrder, Stock

PATIENCE = 30
UTC = datetime.timezone.utc

ib = IB()
ib.connect(sys.argv[1], int(sys.argv[2]), clientId=13, timeout=PATIENCE)
(stock,) = ib.qualifyContracts(Stock("AAPL", "SMART", "USD"))
ticker = ib.reqMktData(stock)


def until(is_so, otherwise):
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() < begun + PATIENCE, otherwise() if callable(otherwise) else otherwise
        ib.sleep(0.02)


def is_near(price, other=None):
    """Within a hundredth of the market."""
    return abs(price / (other or (ticker.bid + ticker.ask) / 2) - 1) < 0.01


def depth():
    book = ib.reqMktDepth(stock, numRows=5)
    until(lambda: len(book.domBids) == 5 and len(book.domAsks) == 5, "no book of five rows")
    for rows, sign in [(book.domBids, -1), (book.domAsks, 1)]:
        prices = [sign * row.price for row in rows]
        assert prices == sorted(prices) and len(set(prices)) == 5, rows
        assert all(row.size > 0 and is_near(row.price) for row in rows), rows
    assert book.domBids[0].price < book.domAsks[0].price
    heard = []
    note = lambda told: heard.extend(told.domTicks)
    book.updateEvent += note
    until(lambda: len(heard) >= 3, "the book does not move")
    book.updateEvent -= note
    ib.cancelMktDepth(stock)


def tick_by_tick():
    for kind in ["Last", "AllLast", "BidAsk", "MidPoint"]:
        tape = ib.reqTickByTickData(stock, kind)
        heard = []
        note = lambda told: heard.extend(told.tickByTicks)
        tape.updateEvent += note
        until(lambda: len(heard) >= 3, f"no ticks of kind {kind}")
        tape.updateEvent -= note
        ib.cancelTickByTickData(stock, kind)
        times = [tick.time for tick in heard]
        assert times == sorted(times), times
        assert abs((datetime.datetime.now(UTC) - times[-1]).total_seconds()) < PATIENCE, times
        for tick in heard:
            if kind == "BidAsk":
                assert tick.bidPrice < tick.askPrice and tick.bidSize > 0 and tick.askSize > 0, tick
                assert is_near(tick.bidPrice) and is_near(tick.askPrice), tick
            elif kind == "MidPoint":
                assert is_near(tick.midPoint), tick
            else:
                assert is_near(tick.price) and tick.size > 0 and tick.exchange, tick


def is_bar(bar, first):
    low, high = bar.low, bar.high
    return low <= first <= high and low <= bar.close <= high and bar.volume >= 0


def five_seconds():
    bars = ib.reqRealTimeBars(stock, 5, "TRADES", False)
    until(lambda: len(bars) >= 2, "no bars of five seconds")
    ib.cancelRealTimeBars(bars)
    assert bars[1].time - bars[0].time == datetime.timedelta(seconds=5), bars
    assert all(is_bar(bar, bar.open_) and is_near(bar.close) for bar in bars), bars


def kept_up_to_date():
    bars = ib.reqHistoricalData(stock, "", "1800 S", "5 secs", "TRADES", False, formatDate=2, keepUpToDate=True)
    assert len(bars) > 300, len(bars)
    steps = {later.date - bar.date for bar, later in zip(bars, bars[1:])}
    assert min(steps) == datetime.timedelta(seconds=5), steps
    assert all(is_bar(bar, bar.open) for bar in bars)
    assert is_near(bars[-1].close), bars[-1]
    count = len(bars)
    until(lambda: len(bars) >= count + 2, "no bar is added")
    assert bars[-1].date > bars[-2].date and is_near(bars[-1].close), bars[-2:]
    ib.cancelHistoricalData(bars)
    # The same that is told without being kept: of bars that had closed.
    again = ib.reqHistoricalData(stock, "", "1800 S", "5 secs", "TRADES", False, formatDate=2)
    closed = {bar.date: bar for bar in again}
    assert all(closed[bar.date] == bar for bar in bars[-20:-1] if bar.date in closed), (bars[-20:], again[-20:])


def first_date():
    first = ib.reqHeadTimeStamp(stock, "TRADES", False, formatDate=2)
    assert first.tzinfo and first < datetime.datetime.now(UTC) - datetime.timedelta(days=30), first
    days = ib.reqHistoricalData(stock, "", "1 M", "1 day", "TRADES", False)
    assert 15 <= len(days) <= 31 and all(is_bar(day, day.open) for day in days), days
    assert days[0].date >= first.date()


def traded_before():
    """Past prints, of what is followed, and how much has traded at each price."""
    ib.reqTickByTickData(stock, "AllLast")
    ib.sleep(3)
    begun = datetime.datetime.now(UTC) - datetime.timedelta(hours=1)
    prints = ib.reqHistoricalTicks(stock, begun, "", 100, "TRADES", False)
    ib.cancelTickByTickData(stock, "AllLast")
    assert prints and all(is_near(tick.price) and tick.size > 0 for tick in prints), prints
    assert [tick.time for tick in prints] == sorted(tick.time for tick in prints)
    prices = ib.reqHistogramData(stock, False, "1 day")
    assert len(prices) > 10 and all(entry.count > 0 for entry in prices), prices
    (day,) = ib.reqHistoricalData(stock, "", "1 D", "1 day", "TRADES", False)
    assert all(day.low <= entry.price <= day.high for entry in prices), (day, prices)
    assert [entry.price for entry in prices] == sorted(entry.price for entry in prices)


def found():
    symbols = {(told.contract.symbol, told.contract.primaryExchange) for told in ib.reqMatchingSymbols("AAP")}
    assert ("AAPL", "NASDAQ") in symbols, symbols
    (details,) = ib.reqContractDetails(stock)
    assert details.contract.conId == stock.conId and details.timeZoneId == "America/New_York", details
    rules = [ib.reqMarketRule(int(rule)) for rule in set(details.marketRuleIds.split(","))]
    for rule in rules:
        edges = [row.lowEdge for row in rule]
        assert edges[0] == 0 and edges == sorted(edges), rule
        assert min(row.increment for row in rule) == details.minTick, (rule, details.minTick)


def traded():
    (account,) = ib.managedAccounts()
    day, single = ib.reqPnL(account), ib.reqPnLSingle(account, "", stock.conId)
    until(lambda: day.unrealizedPnL == 0, "no profit and loss")
    trade = ib.placeOrder(stock, MarketOrder("BUY", 10))
    until(lambda: trade.orderStatus.status == "Filled", "the order does not fill")
    until(lambda: single.position == 10 and is_near(single.value / 10), lambda: single)
    until(lambda: day.realizedPnL < 0, "what it cost is no loss")
    before = single.value
    until(lambda: single.value != before, "what it is worth does not move")
    out = ib.placeOrder(stock, MarketOrder("SELL", 10))
    until(lambda: out.orderStatus.status == "Filled", "the order does not fill")
    until(lambda: single.position == 0 and day.unrealizedPnL == 0, lambda: (day, single))

    done = {told.order.permId: told for told in ib.reqCompletedOrders(False)}
    for mine, action in [(trade, "BUY"), (out, "SELL")]:
        told = done[mine.order.permId]
        assert told.contract.symbol == "AAPL" and told.order.action == action, told
        assert told.order.filledQuantity == 10 and told.orderStatus.status == "Filled", told
    executed = ib.reqExecutions()
    assert sum(fill.execution.shares for fill in executed) == 20, executed
    assert all(fill.commissionReport.commission > 0 for fill in ib.fills()), ib.fills()


until(lambda: ticker.bid > 0 and ticker.ask > 0, "no quote")
for part in [depth, tick_by_tick, five_seconds, kept_up_to_date, first_date, traded_before, found, traded]:
    part()
    print(part.__name__, flush=True)
ib.disconnect()
