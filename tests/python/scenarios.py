"""Order scenarios through ib_async, one line of outcome each: the same that the program's own
broker comes to (tests/clients.rs compares them).

    python scenarios.py HOST PORT

PITDESK_PROGRAM and PITDESK_FOLDER name the server's program and its data folder: with them the
weather there is changed.
"""

import os
import subprocess
import sys

from ib_async import IB, LimitOrder, MarketOrder, Order, Stock, StopOrder

SYMBOL = "AAPL"
PATIENCE = 30
# How often something is tried that the market may prevent.
TRIES = 40
TICK = 0.01
# Between the market and a stop that trails it.
AWAY = 0.05


class Desk:
    """A connection with one instrument, and what the scenarios need of it."""

    def __init__(self, host, port):
        self.ib = IB()
        self.ib.connect(host, port, clientId=11, timeout=PATIENCE)
        (self.stock,) = self.ib.qualifyContracts(Stock(SYMBOL, "SMART", "USD"))
        self.ticker = self.ib.reqMktData(self.stock)
        self.until(lambda: self.ticker.bid > 0 and self.ticker.ask > 0, "no quote came")
        (account,) = self.ib.managedAccounts()
        self.pnl = self.ib.reqPnL(account)
        self.single = self.ib.reqPnLSingle(account, "", self.stock.conId)

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

    def by_hand(self):
        """What the executions come to; none of them turns a position around in one step."""
        net = average = realised = commissions = 0.0
        for fill in self.ib.fills():
            execution = fill.execution
            units = execution.shares if execution.side == "BOT" else -execution.shares
            if net * units < 0:
                realised -= units * (execution.price - average)
            else:
                average = (average * net + execution.price * units) / (net + units)
            net += units
            average = average if net else 0.0
            commissions += fill.commissionReport.commission
        return net, average, realised, commissions

    def profit_is_right(self):
        """Whether the server's own numbers are those that the executions and its mark come to."""
        net, average, realised, commissions = self.by_hand()
        near = lambda one, other: abs(one - other) < 0.011
        day, single = self.pnl, self.single
        told = near(day.realizedPnL, realised - commissions) and near(single.realizedPnL, realised - commissions)
        held = [item for item in self.ib.portfolio() if item.contract.symbol == SYMBOL]
        if not net:
            return told and not held and near(day.unrealizedPnL, 0) and single.position == 0
        if not told or len(held) != 1 or single.position != net:
            return False
        (item,) = held
        # Each message by itself: the market moves between two of them.
        mark = single.value / net
        return (
            item.position == net
            and near(item.averageCost, average)
            and near(item.realizedPNL, realised)
            and near(item.unrealizedPNL, net * (item.marketPrice - average))
            and near(single.unrealizedPnL, net * (mark - average))
            and self.ticker.bid - 1 < mark < self.ticker.ask + 1
        )

    def say(self, name, ends):
        """Writes down what came of a scenario, once the server's books agree with its executions."""
        self.until(self.profit_is_right, f"{name}: {self.by_hand()} {self.pnl} {self.single} {self.ib.portfolio()}")
        print(f"{name}: {ends}; pnl ok", flush=True)

    def tell(self, name, *trades):
        def state(trade):
            status = trade.orderStatus
            return f"{status.status} {status.filled:.12g}/{status.remaining:.12g}"

        self.say(name, f"{', '.join(map(state, trades))}; position {abs(self.position()):g}")

    def tell_filled(self, name, *trades):
        """The same of orders of which the market decides how much of each fills."""
        ends = ", ".join(f"{trade.orderStatus.status} {trade.orderStatus.filled:g}" for trade in trades)
        self.say(name, f"{ends}; position {abs(self.position()):g}")


def market(desk):
    trade = desk.place(MarketOrder("BUY", 10))
    desk.status(trade, "Filled")
    desk.until(lambda: desk.position() == 10, "no position")
    desk.until(lambda: trade.fills and trade.fills[-1].commissionReport.execId, "no commission")
    assert sum(fill.execution.shares for fill in trade.fills) == 10
    assert all(fill.commissionReport.commission > 0 for fill in trade.fills)
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
    """The exchange refuses it: the market is beyond the new stop already."""
    at = desk.price(0.97)
    trade = desk.place(StopOrder("SELL", 10, at))
    desk.status(trade, "PreSubmitted")
    errors = []
    heard = lambda req, code, text, contract: errors.append((req, code, text))
    desk.ib.errorEvent += heard
    trade.order.auxPrice = desk.price(1.02)
    desk.place(trade.order)
    is_own = lambda error: error[:2] == (trade.order.orderId, 201) and "would trigger at once" in error[2]
    desk.until(lambda: any(map(is_own, errors)), f"the change was not refused: {errors}")
    desk.ib.errorEvent -= heard
    desk.until(lambda: trade.order.auxPrice == at, "the stop is not what it was")
    desk.status(trade, "PreSubmitted")
    desk.tell("refused amend", trade)
    desk.cancel(trade)


def set_weather(name):
    program, folder = os.environ["PITDESK_PROGRAM"], os.environ["PITDESK_FOLDER"]
    command = [program, "weather", name, "--seed", "7", "--data-dir", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def refused_by_weather(desk):
    """The same on a bad day, of a change that would be taken on a good one."""
    trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98)))
    desk.status(trade, "Submitted")
    errors = []
    heard = lambda req, code, text, contract: errors.append((req, code))
    desk.ib.errorEvent += heard
    for weather, size, is_refused in [("refused-changes", 20, True), ("fair", 15, False)]:
        set_weather(weather)
        trade.order.totalQuantity = size
        desk.place(trade.order)
        if is_refused:
            desk.until(lambda: (trade.order.orderId, 201) in errors, "the change was not refused")
            desk.until(lambda: trade.order.totalQuantity == 10, "the order is not what it was")
        else:
            desk.until(lambda: trade.orderStatus.remaining == size, "the change is not in force")
    assert errors.count((trade.order.orderId, 201)) == 1, errors
    desk.ib.errorEvent -= heard
    desk.cancel(trade)


def cancel(desk):
    trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98)))
    desk.status(trade, "Submitted")
    desk.cancel(trade)
    desk.tell("cancel", trade)


def reject(desk):
    trade = desk.place(StopOrder("SELL", 10, desk.price(1.02)))
    desk.status(trade, "Cancelled", "Inactive")
    assert any("would trigger at once" in entry.message for entry in trade.log), trade.log
    desk.tell("reject", trade)


def partial(desk):
    """At the best price, once more than is left there: a part fills at once. As much as an order may
    be worth can fill whole, and takes from what is there: then once more."""
    for _ in range(TRIES):
        size = 800
        trade = desk.place(LimitOrder("BUY", size, desk.ticker.ask))
        desk.status(trade, "Submitted", "Filled", "Cancelled")
        if trade.isActive():
            desk.ib.cancelOrder(trade.order)
        desk.status(trade, "Filled", "Cancelled")
        status = trade.orderStatus
        desk.until(lambda: desk.position() == status.filled, "the position is not what has filled")
        assert status.filled == sum(fill.execution.shares for fill in trade.fills)
        assert status.filled + status.remaining == size
        if status.filled and status.remaining:
            desk.say("partial", f"{status.status}, filled in part; position as filled")
            return desk.flatten()
        desk.flatten()
    raise AssertionError(f"{TRIES} orders, and none has filled in part")


def stop(desk):
    trade = desk.place(StopOrder("SELL", 10, desk.price(0.97)))
    desk.status(trade, "PreSubmitted")
    desk.tell("stop", trade)
    desk.cancel(trade)

    # One on either side of the market, so near that its next prints meet one of them. Where one of
    # them came before the order was there it is refused: then once more.
    for group in range(TRIES):
        ticker = desk.ticker
        above = round(max(ticker.ask, ticker.last + TICK), 2)
        below = round(min(ticker.bid, ticker.last - TICK), 2)
        orders = [StopOrder("BUY", 10, above), StopOrder("SELL", 10, below)]
        for order in orders:
            order.ocaGroup = f"beside {group}"
        trades = [desk.place(order) for order in orders]
        states = lambda: [trade.orderStatus.status for trade in trades]
        desk.until(lambda: not all(trade.isActive() for trade in trades), "no stop ends")
        if "Filled" not in states():
            for trade in trades:
                if trade.isActive():
                    desk.ib.cancelOrder(trade.order)
        desk.until(lambda: not any(trade.isActive() for trade in trades), "a stop does not end")
        trades.sort(key=lambda trade: trade.orderStatus.status, reverse=True)
        if trades[0].orderStatus.status == "Filled":
            net = 10 if trades[0].order.action == "BUY" else -10
            desk.until(lambda: desk.position() == net, "no position")
            desk.tell_filled("stop triggered", *trades)
            return desk.flatten()
    raise AssertionError(f"{TRIES} pairs of stops, and none has triggered")


def trailing(desk):
    """It sells above where it would have sold had it not followed the market up: once that is seen,
    it has followed and triggered."""
    order = Order(action="SELL", totalQuantity=10, orderType="TRAIL", auxPrice=desk.price(0.03))
    trade = desk.place(order)
    desk.status(trade, "PreSubmitted")
    desk.tell("trailing", trade)
    desk.cancel(trade)

    for _ in range(TRIES):
        desk.status(desk.place(MarketOrder("BUY", 10)), "Filled")
        # No print was above the ask when it came, but for a step that the market may have moved.
        first = desk.ticker.ask - AWAY + TICK
        trade = desk.place(Order(action="SELL", totalQuantity=10, orderType="TRAIL", auxPrice=AWAY))
        desk.status(trade, "Filled")
        desk.until(lambda: desk.position() == 0, "the position stays")
        if trade.orderStatus.avgFillPrice > first + TICK / 2:
            return desk.tell("trailing followed", trade)
    raise AssertionError(f"{TRIES} trailing stops, and none has followed the market")


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

    # The target where the market is: it fills, and takes the stop with it.
    target.order.lmtPrice = desk.price(0.995)
    desk.place(target.order)
    desk.status(target, "Filled")
    desk.status(guard, "Cancelled")
    desk.until(lambda: desk.position() == 0, "the position stays")
    desk.tell_filled("bracket's target", target, guard)


def oca(desk):
    low = LimitOrder("BUY", 10, desk.price(0.97), ocaGroup="both", ocaType=1)
    waiting = desk.place(low)
    desk.status(waiting, "Submitted")
    taking = desk.place(LimitOrder("BUY", 10, desk.price(1.01), ocaGroup="both", ocaType=1))
    desk.status(taking, "Filled")
    desk.status(waiting, "Cancelled")
    desk.until(lambda: desk.position() == 10, "no position")
    # In parts it takes from the other what has filled: how much is left of that, the market decides.
    desk.tell_filled("oca", waiting, taking)
    desk.flatten()


def immediate(desk):
    for tif in ["IOC", "FOK"]:
        trade = desk.place(LimitOrder("BUY", 10, desk.price(0.98), tif=tif))
        desk.status(trade, "Cancelled")
        desk.tell(tif.lower(), trade)
        trade = desk.place(LimitOrder("BUY", 10, desk.price(1.01), tif=tif))
        desk.status(trade, "Filled")
        desk.until(lambda: desk.position() == 10, "no position")
        desk.tell(f"{tif.lower()} that fills", trade)
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
    scenarios = [
        market, limit, amend, refused_amend, cancel, reject, partial, stop, trailing, bracket, oca, immediate,
        cancel_all, refused_by_weather,
    ]
    for scenario in scenarios:
        scenario(desk)
        assert not desk.ib.openTrades(), (scenario.__name__, desk.ib.openTrades())
    desk.ib.disconnect()


main()
