"""Order scenarios through ib_async, one line of outcome each: the same that the program's own
broker comes to (tests/clients.rs compares them).

    python scenarios.py HOST PORT
"""

import math
import sys

from ib_async import IB, LimitOrder, MarketOrder, Order, Stock, StopOrder

SYMBOL = "AAPL"
PATIENCE = 15


class Desk:
    """A connection with one instrument, and what the scenarios need of it."""

    def __init__(self, host, port):
        self.ib = IB()
        self.ib.connect(host, port, clientId=11, timeout=PATIENCE)
        (self.stock,) = self.ib.qualifyContracts(Stock(SYMBOL, "SMART", "USD"))
        self.ticker = self.ib.reqMktData(self.stock)
        self.until(lambda: self.ticker.bid > 0 and self.ticker.ask > 0, "no quote came")

    def until(self, is_so, otherwise):
        for _ in range(PATIENCE * 50):
            if is_so():
                return
            self.ib.sleep(0.02)
        raise AssertionError(otherwise)

    def price(self, factor):
        """A price on the grid, so far from the middle of the market."""
        middle = (self.ticker.bid + self.ticker.ask) / 2
        return round(middle * factor, 2)

    def place(self, order):
        return self.ib.placeOrder(self.stock, order)

    def status(self, trade, *wanted):
        seen = lambda: trade.orderStatus.status in wanted
        self.until(seen, f"{trade.order} is {trade.orderStatus.status}, not {wanted}: {trade.log}")

    def cancel(self, *trades):
        for trade in trades:
            self.ib.cancelOrder(trade.order)
        for trade in trades:
            self.status(trade, "Cancelled")

    def position(self):
        held = [p.position for p in self.ib.positions() if p.contract.symbol == SYMBOL]
        return sum(held)

    def flatten(self):
        net = self.position()
        if net:
            closing = self.place(MarketOrder("SELL" if net > 0 else "BUY", abs(net)))
            self.status(closing, "Filled")
        self.until(lambda: self.position() == 0, "the position stays")

    def tell(self, name, *trades):
        def state(trade):
            status = trade.orderStatus
            return f"{status.status} {status.filled:.12g}/{status.remaining:.12g}"

        states = ", ".join(state(trade) for trade in trades)
        print(f"{name}: {states}; position {self.position():g}", flush=True)


def market(desk):
    trade = desk.place(MarketOrder("BUY", 10))
    desk.status(trade, "Filled")
    desk.until(lambda: desk.position() == 10, "no position")
    desk.until(lambda: trade.fills and trade.fills[0].commissionReport.execId, "no commission")
    assert sum(fill.execution.shares for fill in trade.fills) == 10
    assert all(fill.commissionReport.commission > 0 for fill in trade.fills)
    desk.until(lambda: desk.ib.portfolio() and desk.ib.portfolio()[0].position == 10, "no portfolio")
    assert math.isfinite(desk.ib.portfolio()[0].unrealizedPNL)
    desk.tell("market", trade)
    desk.flatten()


def limit(desk):
    trade = desk.place(LimitOrder("BUY", 10, desk.price(1.01)))
    desk.status(trade, "Filled")
    desk.until(lambda: desk.position() == 10, "no position")
    desk.tell("limit", trade)
    desk.flatten()


def amend(desk):
    trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98)))
    desk.status(trade, "Submitted")
    trade.order.totalQuantity = 15
    trade.order.lmtPrice = desk.price(0.97)
    desk.place(trade.order)
    desk.until(lambda: trade.orderStatus.remaining == 15, "the change is not in force")
    desk.tell("amend", trade)
    desk.cancel(trade)


def refused_amend(desk):
    trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98)))
    desk.status(trade, "Submitted")
    errors = []
    desk.ib.errorEvent += lambda req, code, text, contract: errors.append((req, code))
    trade.order.totalQuantity = 100_000_000
    desk.place(trade.order)
    desk.until(lambda: (trade.order.orderId, 201) in errors, "the change was not refused")
    desk.status(trade, "Submitted")
    desk.tell("refused amend", trade)
    trade.order.totalQuantity = 10
    desk.cancel(trade)


def cancel(desk):
    trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98)))
    desk.status(trade, "Submitted")
    desk.cancel(trade)
    desk.tell("cancel", trade)


def stop(desk):
    trade = desk.place(StopOrder("SELL", 10, desk.price(0.97)))
    desk.status(trade, "PreSubmitted")
    desk.tell("stop", trade)
    desk.cancel(trade)


def trailing(desk):
    order = Order(action="SELL", totalQuantity=10, orderType="TRAIL", auxPrice=desk.price(0.03))
    trade = desk.place(order)
    desk.status(trade, "PreSubmitted")
    desk.tell("trailing", trade)
    desk.cancel(trade)


def bracket(desk):
    orders = desk.ib.bracketOrder(
        "BUY", 10, limitPrice=desk.price(1.01), takeProfitPrice=desk.price(1.04), stopLossPrice=desk.price(0.96)
    )
    entry, target, guard = [desk.place(order) for order in orders]
    desk.status(entry, "Filled")
    desk.status(target, "Submitted")
    desk.status(guard, "PreSubmitted")
    desk.until(lambda: desk.position() == 10, "no position")
    desk.tell("bracket", entry, target, guard)
    desk.ib.cancelOrder(target.order)
    desk.status(target, "Cancelled")
    if guard.orderStatus.status != "Cancelled":
        desk.cancel(guard)
    desk.flatten()


def oca(desk):
    low = LimitOrder("BUY", 10, desk.price(0.97), ocaGroup="both", ocaType=1)
    waiting = desk.place(low)
    desk.status(waiting, "Submitted")
    taking = desk.place(LimitOrder("BUY", 10, desk.price(1.01), ocaGroup="both", ocaType=1))
    desk.status(taking, "Filled")
    desk.status(waiting, "Cancelled")
    desk.until(lambda: desk.position() == 10, "no position")
    # In parts it takes from the other what has filled: how much is left of that, the market decides.
    ends = ", ".join(f"{trade.orderStatus.status} {trade.orderStatus.filled:g}" for trade in (waiting, taking))
    print(f"oca: {ends}; position {desk.position():g}", flush=True)
    desk.flatten()


def reject(desk):
    trade = desk.place(MarketOrder("BUY", 100_000_000))
    desk.status(trade, "Cancelled", "Inactive")
    desk.tell("reject", trade)


def immediate(desk):
    trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98), tif="IOC"))
    desk.status(trade, "Cancelled")
    desk.tell("ioc", trade)
    trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98), tif="FOK"))
    desk.status(trade, "Cancelled")
    desk.tell("fok", trade)


def partial(desk):
    """More than there is at the price: what is there fills, the rest works and is cancelled."""
    size = min(int(desk.ticker.askSize) + 100, 700)  # within the value that an order may have
    trade = desk.place(LimitOrder("BUY", size, desk.price(1.0005)))
    desk.until(lambda: trade.orderStatus.filled > 0, "nothing filled")
    desk.cancel(trade) if trade.isActive() else None
    status = trade.orderStatus
    desk.until(lambda: desk.position() == status.filled, "the position is not what has filled")
    assert status.filled == sum(fill.execution.shares for fill in trade.fills)
    assert status.filled + status.remaining == size
    print(f"partial: {'filled in parts' if status.remaining else 'filled'}", file=sys.stderr)
    desk.flatten()


def cancel_all(desk):
    trades = [desk.place(LimitOrder("BUY", 10, desk.price(0.98))) for _ in range(3)]
    for trade in trades:
        desk.status(trade, "Submitted")
    desk.ib.reqGlobalCancel()
    for trade in trades:
        desk.status(trade, "Cancelled")
    desk.tell("cancel all", *trades)


def main():
    desk = Desk(sys.argv[1], int(sys.argv[2]))
    desk.flatten()
    scenarios = [
        market, limit, amend, refused_amend, cancel, stop, trailing, bracket, oca, reject, immediate, partial,
        cancel_all,
    ]
    for scenario in scenarios:
        scenario(desk)
        assert not desk.ib.openTrades(), (scenario.__name__, desk.ib.openTrades())
    desk.ib.disconnect()


main()
