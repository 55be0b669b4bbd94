"""A trading service as people write them: one worker thread owns the connection, the rest of the
program hands it tasks and waits for their results.

    python examples/service.py [HOST PORT]

Works against TWS, IB Gateway, or `pitdesk serve --gateway 127.0.0.1:4002`. Needs ib_async
(`pip install ib_async`).
"""

import asyncio
import queue
import sys
import threading
from concurrent.futures import Future

from ib_async import IB, MarketOrder, Stock


class Service:
    """Owns an `IB()` on a thread of its own: its event loop and a web framework's never meet."""

    def __init__(self, host, port, client_id):
        self._tasks = queue.Queue()
        self._thread = threading.Thread(target=self._run, args=(host, port, client_id), daemon=True)
        self._thread.start()

    def call(self, task, *args, timeout=30):
        """Runs `task(ib, *args)` on the worker and gives its result."""
        future = Future()
        self._tasks.put((future, task, args))
        return future.result(timeout)

    def stop(self):
        self._tasks.put(None)
        self._thread.join(10)

    def _run(self, host, port, client_id):
        asyncio.set_event_loop(asyncio.new_event_loop())
        ib = IB()
        connected = None
        try:
            ib.connect(host, port, clientId=client_id, timeout=10)
        except Exception as error:  # told to whoever asks first
            connected = error
        while True:
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                # Messages are read while nobody asks for anything.
                ib.sleep(0.01) if connected is None else threading.Event().wait(0.05)
                continue
            if task is None:
                ib.disconnect()
                return
            future, work, args = task
            try:
                if connected is not None:
                    raise ConnectionError(f"not connected to {host}:{port}: {connected}")
                future.set_result(work(ib, *args))
            except Exception as error:
                future.set_exception(error)


def quote(ib, symbol):
    (contract,) = ib.qualifyContracts(Stock(symbol, "SMART", "USD"))
    ticker = ib.reqMktData(contract)
    for _ in range(500):
        if ticker.bid > 0 and ticker.ask > 0:
            break
        ib.sleep(0.02)
    ib.cancelMktData(contract)
    return ticker.bid, ticker.ask


def buy(ib, symbol, quantity):
    (contract,) = ib.qualifyContracts(Stock(symbol, "SMART", "USD"))
    trade = ib.placeOrder(contract, MarketOrder("BUY", quantity))
    while not trade.isDone():
        ib.sleep(0.02)
    return trade.orderStatus.status, trade.orderStatus.avgFillPrice


def overview(ib):
    """Summary, positions and executions at the same time, not one after the other."""

    async def gather():
        return await asyncio.gather(
            ib.accountSummaryAsync(), ib.reqPositionsAsync(), ib.reqExecutionsAsync(), ib.reqAllOpenOrdersAsync()
        )

    summary, positions, fills, orders = ib.run(gather())
    return {
        "net liquidation": next(v.value for v in summary if v.tag == "NetLiquidation"),
        "positions": {p.contract.symbol: p.position for p in positions},
        "fills": len(fills),
        "open orders": len(orders),
    }


def main():
    host, port = (sys.argv[1], int(sys.argv[2])) if len(sys.argv) == 3 else ("127.0.0.1", 4002)
    service = Service(host, port, client_id=21)
    bid, ask = service.call(quote, "NVDA")
    assert 0 < bid < ask, (bid, ask)
    print(f"NVDA {bid} / {ask}")
    status, price = service.call(buy, "NVDA", 3)
    assert status == "Filled", status
    print(f"bought 3 at {price}")
    seen = service.call(overview)
    assert seen["positions"].get("NVDA", 0) >= 3, seen
    print(seen)
    service.stop()


if __name__ == "__main__":
    main()
