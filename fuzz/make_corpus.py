#!/usr/bin/env python3
"""Makes the first inputs of the fuzz targets (corpus/<target>/seed-*), from the forms of what is
decoded and from tests/corpus. What a fuzzer adds beside them is kept; nothing is removed."""

import json
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests/corpus"


def save(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    data = data if isinstance(data, bytes) else data.encode()
    assert len(data) <= 4096, (target, name, len(data))
    (folder / f"seed-{name}").write_bytes(data)


def line(value):
    return json.dumps(value, separators=(",", ":"))


def lines(choice, *values, size=63):
    """Payloads, one a line; a text beginning with + or ! is one as it is."""
    text = "\n".join(v if isinstance(v, str) and v[:1] in "+!" else line(v) for v in values)
    return bytes([choice, size]) + text.encode()


# --- CSV files: the first byte is a set of options ---
BARS = "time,open,high,low,close,volume\n2024-01-02T14:30:00Z,10,12,9,11,100\n2024-01-02T14:31:00Z,11,12,10,11.5,90\n"
save("import", "bars", b"\0" + BARS.encode())
save("import", "bars-semicolons", "\x40Date;Open;High;Low;Close\n02/01/2024;1,5;1,6;1,4;1,55\n13/01/2024;1,5;1,6;1,4;1,55\n")
save("import", "bars-comma-mark", b"\xc2Date\tOpen\tHigh\tLow\tClose\tVolume\n2024-03-10 02:30\t1.234,5\t1.300,0\t1.200\t1.250,25\t7\n2024-03-10 03:30\t1.234,5\t1.300,0\t1.200\t1.250,25\t\n")
save("import", "bars-newest-first", b"\2date,open,high,low,close\n20240105,3,4,2,3\n20240104,3,4,2,3\n20240103,3,4,2,3\n")
save("import", "bars-fold", b"\x12time,open,high,low,close\n2024-11-03 01:59,1,1,1,1\n2024-11-03 01:00,1,1,1,1\n2024-11-03 01:01,1,1,1,1\n")
save("import", "bars-huge", b"\0time,open,high,low,close\n2024-01-02,1e300,1e300,1e300,1e300\n")
save("import", "trades", b"\0time,price,size,side\n1704205800000,100.5,10,buy\n1704205800001,100.4,0.00000001,sell\n")
save("import", "trades-maker", b"\1id,price,qty,quote_qty,time,is_buyer_maker\n1,61737.63,0.001,61.7,1704205800000,true\n2,61737.64,0.002,123.4,1704205800500,false\n")
save("import", "trades-bare", b"\x001704205800,100.5,10\n1704205801,100.4,11\n")
save("import", "trades-huge", b"\0time,price,size\n1704205800,1e13,1\n1704205801,1,1e16\n1704205802,0.0000000000000000001,1\n")
save("import", "symbols", b"\1symbol,time,open,high,low,close\nMSFT,2024-01-02,1,2,1,2\nAAPL,2024-01-02,1,2,1,2\nAAPL,2024-01-03,1,2,1,2\n")
save("import", "quotes", b'\0"date","open","high","low","close","volume"\n"2024-01-02","1,234.5","1,300","1,200","1,250","1,000,000"\n')
save("import", "epoch-nanos", b"\0time,price,size\n1704205800000000001,1,1\n")
save("import", "preamble", b"\0My broker\nExported 2024\n\nDate,Time,Open,High,Low,Close\n12/31/2024,9:30 AM,1,2,1,2\n12/31/2024,9:31 AM,1,2,1,2\n")

# --- tables of target weights: the first byte chooses the name ---
save("targets", "csv", b"\0symbol,weight\nAAPL,25%\nMSFT,-0.1\n# a comment\n\"BTC/JPY\",\"12.5 %\"\n")
save("targets", "semicolons", "\0\ufeffSymbol;Weight\r\n7203;25,5%\r\n\r\n9984;-0,1\r\n")
save("targets", "bare", b"\0AAPL@NASDAQ\t1\nNVDA\t.5\n")
save("targets", "toml", b"\1reserve = '2%'\nothers = 'close'\nleverage = true\nspend_sales = false\nleast_trade = 500\norder = 'limit'\nticks = 5\ntif = 'ioc'\n[targets]\nAAPL = 0.25\n'BTC/JPY' = '10%'\n7203 = -1\n")
save("targets", "toml-wrong", b"\1colour = 1\n[targets]\nAAPL = 1e400\nAAPL = nan\n[targets.x]\ny = 1979-05-27\n")
save("targets", "unknown", b"\0AAPX,5%\nappl,5%\n")
save("targets", "huge", b"\0AAPL,79228162514264337593543950335\nMSFT,0.0000000000000000000000000000001%\n")

# --- settings ---
save("settings", "empty", "")
save("settings", "all", "version = 2\nbase_currency = 'KRW'\ntheme = 'light'\ntime_zone_display = 'utc'\nconfirm_orders = false\n"
     "[limits]\ncurrency = 'USD'\nday_start = '07:00 Asia/Seoul'\n[limits.profile]\nmax_order_value = 1000\nmax_loss_per_day = '5.5'\n"
     "allowed_instruments = ['AAPL@NASDAQ']\nallowed_hours = '09:30-16:00 America/New_York'\n"
     "[limits.accounts.PAPER]\nmax_working_orders = 3\n[limits.instruments.'AAPL@NASDAQ']\nmax_order_quantity = 50\n"
     "[default_quantity]\nshare = 100\nfx = 1000\ncrypto = '0.01'\n")
save("settings", "version-1", "version = 1\n[limits]\ncurrency = 'KRW'\nmax_order_value = '1000000'\nmax_working_orders = 7\nmax_quote_age_seconds = 20\n")
save("settings", "newer", "version = 9\n")
save("settings", "wrong", "theme = 'pink'\ncolour = 1\nlimits = 5\nconfirm_orders = 'no'\n[default_quantity]\nshare = -1\ncrypto = 1e300\n")
save("settings", "broken", "theme = 'light'\n[limits\n")
save("settings", "too-large", "[limits.instruments.'A@B']\nmax_order_quantity = '1000000000000001'\nmax_position_value = '1e19'\n")
save("settings", "nested", "[limits.profile.max_order_value]\nx = 1\n[limits.profile.new.table]\ny = [1, {z = nan}]\n")

# --- rows of the journal: the first byte is the kind ---
FILLS = ("exponent", "float-price", "negative-fill", "strange-currency")
TWICE = ("event-09", "event-11", "event-12", "event-16", "event-21", "event-22", "bad-deep", "bad-id", "order-2", "order-5")
for path in sorted((TESTS / "journal").glob("*.json")):
    name = path.stem
    of_fill = name.startswith("fill") or name.endswith(FILLS)
    of_event = name.startswith("event") or name.endswith(("by-number", "strange-moment"))
    if not name.startswith(TWICE):
        save("rows", name, bytes([1 if of_fill else 2 if of_event else 0]) + path.read_bytes())

# --- the wire ---
SPEC = {"instrument": 0, "side": "Buy", "quantity": "10", "kind": {"Limit": {"price": "101.25"}},
        "tif": "Gtc", "post_only": False, "oco": None, "parent": None}
MARKET = {**SPEC, "kind": "Market", "tif": "Day"}


def new(number, spec=SPEC, account="PAPER"):
    return {"id": number, "account": account, "spec": spec}


HELLO = {"Hello": {"version": 1, "token": "secret", "account": "PAPER", "catalogue": 7, "last_event": 0}}
PLACE = {"Place": [new(1)]}
STOP = {**SPEC, "side": "Sell", "kind": {"Stop": {"stop": "90"}}, "parent": 1}
TRAIL = {**SPEC, "side": "Sell", "kind": {"TrailingStop": {"by": {"Percent": "2"}}}, "oco": 4}
ORDER = {"id": 7, "broker": 0, "account": "PAPER", "spec": SPEC, "status": "Working", "is_acknowledged": True,
         "filled": "3", "average_price": "101.2", "trigger": None, "reason": None, "origin": "Foreign",
         "created": 1795186800000000000, "updated": 1795186800000000000}
MONEY = {"amount": "1.00", "currency": "USD"}
FILL = {"exec_id": "E1", "order": 7, "account": "PAPER", "instrument": 0, "side": "Buy", "quantity": "3",
        "price": "101.2", "commission": MONEY, "realised": "0", "liquidity": "Taker", "time": 1795186800000000000}
HELD = {"account": "PAPER", "instrument": 0, "net": "3", "average_price": "101.2", "realised": "0", "commissions": "1"}
BALANCE = {"currency": "USD", "cash": "1000", "realised": "0", "commissions": "0", "margin": "0", "buying_power": "2000"}
ACCOUNT = {"id": "PAPER", "broker": 0, "kind": "Paper", "title": "Paper", "base": "USD", "balances": [BALANCE]}
RULE = {"class": "share", "currency": None, "commission": {"percent": "0.1", "per_unit": "0.005", "minimum": "1"}}
BOOKS = {"Books": {"orders": [ORDER], "fills": [FILL], "positions": [HELD], "accounts": [ACCOUNT], "commissions": [RULE]}}
QUOTE = {"bid": "100", "bid_size": "5", "ask": "100.01", "ask_size": "6", "last": "100", "last_size": "1", "volume": "900",
         "prev_close": "99", "open": "99", "high": "101", "low": "98", "is_open": True, "time": 1795186800000000000}
TRADE = {"time": 1795186800000000000, "price": "100", "quantity": "1", "aggressor": "Buy"}
TICKS = {"Market": [{"Quote": [0, QUOTE]}, {"Quote": [1, {**QUOTE, "bid": "1390", "ask": "1391", "last": "1390.5"}]},
                    {"Trade": [0, TRADE]}, {"Depth": [0, [["100", "5", 1]], [["100.01", "6", 2]], 5]}]}


def report(event, order, says):
    return {"Report": {"event": event, "report": {"order": order, "says": says, "time": 5}}}


def fill(event, **more):
    return {"Fill": {"event": event, "fill": {**FILL, **more}, "position": HELD}}


for path in sorted((TESTS / "wire").glob("*.bin")):
    direction = 1 if path.name.startswith("to") else 3
    if path.stat().st_size <= 4000:
        save("wire", path.stem, bytes([direction, 19]) + path.read_bytes())
WANTED = {"instrument": 0, "timeframe": "M1", "before": 1795186800000000000, "count": 10}
save("wire", "asks", lines(0, HELLO, PLACE, {"Amend": {"order": 1, "quantity": "5", "limit": None, "stop": None}}, {"Cancel": 1},
                           "CancelAll", "Books", {"Watch": {"quotes": [0, 1], "depth": [0]}}, {"History": WANTED}, "Heartbeat", "Goodbye", size=6))
save("wire", "tells", lines(2, {"Welcome": {"version": 1, "session": 1, "event": 0}}, BOOKS, "BooksEnd", {"Ready": {"market": "M"}}, "Alive", "BarsChanged"))
save("wire", "tells-market", lines(2, TICKS, report(1, 7, {"Trigger": "99"}), fill(2)))
save("wire", "tells-ends", lines(2, {"Refused": {"Version": 2}}, {"Goodbye": "TakenOver"}, {"Goodbye": {"Unreadable": "x"}}, {"Account": ACCOUNT}))
save("wire", "repeated", bytes([0, 3]) + b'"Books"\n0:"Books"\n2:"Books"')
save("wire", "too-large", lines(0, {"Place": [new(1, {**SPEC, "quantity": "1000000000000001"})]}))

# --- both ends, with what stands behind them ---
WATCH = {"Watch": {"quotes": [0, 1, 2], "depth": [0]}}
save("server", "orders", lines(0, WATCH, PLACE, "+500", {"Place": [new(2, MARKET)]}, "+1000", {"Cancel": 1}, "Books"))
save("server", "bracket", lines(0, {"Place": [new(1, MARKET), new(2, STOP)]}, "+2000", {"Amend": {"order": 2, "quantity": "5", "limit": None, "stop": "91"}}, "CancelAll"))
save("server", "trail", lines(0, "+1000", {"Place": [new(3, TRAIL), new(4, TRAIL), new(3)]}, "+3000", "Heartbeat", "+4000"))
save("server", "coin", lines(0, {"Place": [new(5, {**MARKET, "instrument": 2, "quantity": "0.00000001"})]}, "+1000", {"History": {**WANTED, "instrument": 2}}))
save("server", "edges", lines(0, {"Place": [new(9, {**SPEC, "quantity": "1000000000000000", "kind": {"Limit": {"price": "1000000000000"}}}),
                                           new(2**63, SPEC), new(8, {**SPEC, "side": "Sell", "instrument": 4294967295})]},
                              {"History": {**WANTED, "before": 9223372036854775807, "count": 99}}, "+1"))
save("server", "strangers", lines(2, HELLO, PLACE))
save("server", "silence", lines(0, "+4000", "+4000", "+4000", PLACE))
save("server", "goodbye", lines(0, "Goodbye", PLACE))
save("server", "raw", bytes([1, 4]) + bytes(40))
save("server", "gtd", lines(0, {"Place": [new(1, {**SPEC, "tif": {"Gtd": 9223372036854775807}}), new(2, {**SPEC, "tif": {"Gtd": 1}}), new(3, {**MARKET, "tif": "Fok"})]}, "+3000"))

save("client", "books", lines(0, TICKS, BOOKS, "BooksEnd", "+1000", fill(1, exec_id="E2"), report(2, 7, {"Status": ["Cancelled", "so"]})))
save("client", "orders", lines(0, TICKS, "!buy 0 10 100", report(1, 1, {"Status": ["Working", None]}), fill(2, order=1, exec_id="E9"),
                               "!close 0", "!amend 1 12 100.5", "!cancel 1", "+500"))
save("client", "beyond", lines(0, TICKS, "!sell 0 10 5000000000000", "!sell 0 1000000000000001 100.5", "!buy 0 1000000000000001", "!bracket 0 1 100 90 5000000000000"))
save("client", "bracket", lines(4, TICKS, "!bracket 0 10 100 95 110", "!kill", "+2500", "!release"))
save("client", "kill", lines(0, TICKS, BOOKS, "BooksEnd", "!kill 5", report(1, 7, {"Status": ["Cancelled", None]}), BOOKS, "BooksEnd", "+3000"))
save("client", "history", lines(0, {"History": {"wanted": {**WANTED, "before": 9223372036854775807, "count": 100},
                                                "bars": [[0, 4607182418800017408] + [4607182418800017408] * 4], "forming": None, "more": False}}, TICKS))
save("client", "account", lines(0, {"Account": ACCOUNT}, "Alive", "BarsChanged", {"Goodbye": "ShuttingDown"}))
save("client", "missing", lines(0, report(5, 7, {"Status": ["Working", None]})))
save("client", "no-greeting", lines(2, {"Refused": "Token"}))
save("client", "raw", bytes([1, 4]) + bytes(40))
save("client", "unknown", lines(0, "!buy 0 10 100", "Alive", TICKS, "!buy 0 10 100", {"Goodbye": "Silent"}, "!gone 1"))
save("client", "edges", lines(0, {"Market": [{"Quote": [0, {**QUOTE, "last": "1000000000000", "prev_close": "0.000000000000000001"}]},
                                            {"Quote": [1, {**QUOTE, "bid": None, "ask": None, "last": "0.000000000000000001"}]}]},
                              {"Fill": {"event": 1, "fill": {**FILL, "quantity": "1000000000000000", "price": "1000000000000"},
                                        "position": {**HELD, "net": "-1000000000000000", "average_price": "-1000000000000"}}}))

# --- what an exchange has saved ---
SAVED_ORDER = {"id": 1, "instrument": "ONE@NYSE", "side": "Buy", "quantity": "10", "kind": {"Limit": {"price": "90.00"}}, "tif": "Gtc",
               "post_only": False, "oco": None, "parent": None, "status": "Working", "filled": "2", "traded": "180.00", "charged": "1.00",
               "released": None, "triggered": False, "best": None, "bound": None, "expires": None, "reason": None,
               "created": 1795186000000000000, "updated": 1795186000000000000}
SAVED_FILL = {"exec_id": "1", "order": 1, "instrument": "ONE@NYSE", "side": "Buy", "quantity": "2", "price": "90.00",
              "commission": MONEY, "realised": "0", "liquidity": "Maker", "time": 1795186000000000000}
SAVED_HELD = {"instrument": "ONE@NYSE", "net": "2", "average_price": "90", "realised": "0", "commissions": "1.00"}


def state(**more):
    account = {"account": "PAPER", "cash": [{"amount": "999819.00", "currency": "USD"}], "positions": [SAVED_HELD], "working": [SAVED_ORDER],
               "past": [], "fills": [SAVED_FILL], **more}
    return {"next_exec": 2, "accounts": [account]}


def saved(accounts, event=3):
    return {"event": event, "session": 1, "ids": [[1, 3], [9, 9]], "accounts": accounts}


CHANGE = {"event": 4, "session": 2, "ids": [[1, 4]], "next_exec": 3, "accounts": [
    {"account": "PAPER", "cash": [MONEY], "positions": [], "working": [], "past": {"forgotten": 0, "added": [SAVED_ORDER]}, "fills": {"forgotten": 1, "added": []}}]}
TRAILING = {**SAVED_ORDER, "id": 2, "side": "Sell", "kind": {"TrailingStop": {"by": {"Amount": "1.5"}}}, "best": "100.00", "filled": "0"}
for name, accounts in [
    ("usual", state()),
    ("trailing", state(working=[SAVED_ORDER, TRAILING])),
    ("unlisted", state(positions=[{**SAVED_HELD, "instrument": "GONE@X"}], past=[{**SAVED_ORDER, "instrument": "GONE@X"}])),
    ("overfilled", state(working=[{**SAVED_ORDER, "filled": "12", "released": "1"}])),
    ("edges", state(positions=[{**SAVED_HELD, "net": "1000000000000000", "average_price": "1000000000000"}],
                    cash=[{"amount": "10000000000000000000000", "currency": "USD"}])),
    ("children", state(working=[SAVED_ORDER, {**SAVED_ORDER, "id": 2, "side": "Sell", "parent": 1, "released": "2", "filled": "0", "kind": {"Stop": {"stop": "80.00"}}},
                                {**SAVED_ORDER, "id": 3, "parent": 3, "oco": 1}])),
    ("others", {"next_exec": 18446744073709551615, "accounts": [{"account": "X", "cash": [], "positions": [], "working": [], "past": [], "fills": []}]}),
]:
    save("account", name, line({"version": 1, "data": accounts}))
    save("log", name, lines(0, {"Whole": saved(accounts)}))
save("account", "bare", line(state()))
save("account", "newer", line({"version": 2, "data": 1}))
save("account", "empty", "{}")
save("account", "too-large", line({"version": 1, "data": state(positions=[{**SAVED_HELD, "net": "1000000000000001"}])}))
save("log", "changes", lines(0, {"Whole": saved(state())}, {"Change": CHANGE}))
save("log", "other-change", lines(0, {"Whole": saved(state())}, {"Change": {**CHANGE, "event": 1}}))
save("log", "no-whole", lines(0, {"Change": CHANGE}))
save("log", "ranges", lines(0, {"Whole": {**saved(state()), "ids": [[5, 2]]}}))
save("log", "twice", lines(0, {"Whole": saved(state())}, {"Whole": saved(state())}))
save("log", "empty", b"\1\1")

# --- the control socket ---
def ask(what, token="secret", version=1):
    return line({"token": token, "version": version, "ask": what})


save("control", "stay", "\7" + ask({"kill": "stay"}) + "\n")
save("control", "market", "\x40" + ask({"kill": "market"}) + "\n" + ask({"kill": {"within": "1.5"}}) + "\n")
save("control", "bands", "\x01" + "".join(ask({"kill": {"within": band}}) + "\n" for band in ("100", "0", "-1", "99.99", "1e-28")))
save("control", "wrong", "\x02" + ask({"kill": "stay"}, token="no") + "\n" + ask({"kill": "stay"}, version=2) + "\n" + ask("place") + "\nGET / HTTP/1.1\r\n\n")
save("control", "long", b"\xff" + b"x" * 2000)
save("control", "torn", "\x05" + ask({"kill": "stay"}))
PROGRESS = [{"name": "Paper PAPER", "stage": {"going": "Cancelling"}, "evidence": [[5, "Locked"]]}, {"name": "X", "stage": "done", "evidence": []},
            {"name": "Y", "stage": {"stuck": "away"}, "evidence": []}]
save("control", "answers", "\x30" + "\n".join(line(a) for a in ("taken", {"refused": "no"}, {"progress": PROGRESS}, {"over": "ended"})) + "\n")

# --- the TWS wire: bit 0 is the dialect, bits 1 and 2 choose request, reply, stream or handshake ---
def fields(*values):
    return "".join(f"{v}\0" for v in values).encode()


def frame(body):
    return len(body).to_bytes(4, "big") + body


def proto(number, payload=b""):
    return (200 + number).to_bytes(4, "big") + payload


def part(tag, body):
    """A field of bytes, whose tag and length fit into a byte or two."""
    key = tag << 3 | 2
    return (bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])) + bytes([len(body)]) + body


TWS_REQUEST, TWS_REPLY, TWS_STREAM, TWS_HANDSHAKE = 0, 2, 4, 6
for path in sorted((TESTS / "tws").glob("ask-*.bin")):
    save("tws", path.stem, bytes([TWS_REQUEST, 7]) + path.read_bytes())
STOCK = part(2, b"AAPL") + part(3, b"STK") + part(8, b"SMART") + part(10, b"USD")
BUY = part(5, b"BUY") + part(6, b"10") + part(8, b"LMT") + b"\x49" + b"\0\0\0\0\0\0Y@" + b"\x90\x04\x01"
BUY_IF = BUY + part(100, b"\x08\x01\x10\x01") + part(100, b"\x08\x02") + part(62, part(1, b"k") + part(2, b"v"))
save("tws", "proto-start", bytes([TWS_REQUEST + 1, 7]) + proto(71, b"\x08\x64"))
save("tws", "proto-order", bytes([TWS_REQUEST + 1, 7]) + proto(3, b"\x08\x05" + part(2, STOCK) + part(3, BUY)))
save("tws", "proto-conditions", bytes([TWS_REQUEST + 1, 7]) + proto(3, b"\x08\x05" + part(2, STOCK) + part(3, BUY_IF)))
save("tws", "proto-unknown", bytes([TWS_REQUEST + 1, 7]) + proto(88, b"\x12\1x\x08\x07"))
save("tws", "proto-groups", bytes([TWS_REQUEST + 1, 7]) + proto(71, b"\x1b" * 200 + b"\x1c" * 200))
save("tws", "proto-open-order", bytes([TWS_REPLY + 1, 7]) + proto(5, b"\x08\x05" + part(2, STOCK) + part(3, BUY_IF) + part(4, part(1, b"Submitted"))))
save("tws", "proto-error", bytes([TWS_REPLY + 1, 7]) + proto(4, b"\x08" + b"\xff" * 9 + b"\1\x18\xb8\x10"))
save("tws", "proto-bars", bytes([TWS_REPLY + 1, 7]) + proto(17, b"\x08\x07" + part(2, part(1, b"20261120") + part(6, b"1e3"))))
save("tws", "bars", bytes([TWS_REPLY, 7]) + fields(17, 7, "20261120 09:30:00 US/Eastern", "", 2, 20261120, 1, 2, "0.5", "1.5", 100, "1.25", 9, 20261121, 1, 2, "5e-1", 1.5, 1e300, "", 9))
save("tws", "fill", bytes([TWS_REPLY, 7]) + fields(11, -1, 5, 265598, "AAPL", "STK", "", 0, "", "", "SMART", "USD", "AAPL", "NMS", "e.1", "20261121 07:03:56 US/Eastern",
     "DU1", "NASDAQ", "BOT", 10, 101.25, 1234, 7, 0, 10, 101.25, "", "", "", "", 2))
save("tws", "tick-by-tick", bytes([TWS_REPLY, 7]) + fields(99, 7, 3, 1795186800, 1, 2, 3, 4, 1))
save("tws", "ticks", bytes([TWS_REPLY, 7]) + fields(98, 7, 1, 1795186800, 3, 10.5, 100, "NSDQ", "T", 1))
save("tws", "chain", bytes([TWS_REPLY, 7]) + fields(75, 7, "SMART", 756733, "SPY", 100, 2, 20261218, 20270115, 2, 500, 505.5))
save("tws", "escapes", bytes([TWS_REPLY, 7]) + fields(4, 2, 5, 201, "\\ud55c \\ud83d\\udcc8 \\u005cu0041 \\ud83d \\u00", ""))
save("tws", "unset", bytes([TWS_REPLY, 7]) + fields(59, 1, "e.1", 1, "USD", "1.7976931348623157E308", 2147483647, ""))
save("tws", "stream", bytes([TWS_STREAM, 6]) + b"API\0" + frame(b"v157..176") + frame(fields(71, 2, 7, "")) + frame(b"") + frame(fields(61, 1)))
save("tws", "stream-binary", bytes([TWS_STREAM + 8, 2]) + b"API\0" + frame(b"v213..226") + frame(proto(71, b"\x08\x64")) + frame(b"abc"))
save("tws", "stream-too-long", bytes([TWS_STREAM, 0]) + b"API\0" + b"\0\1\0\0")
save("tws", "stream-http", bytes([TWS_STREAM, 1]) + b"GET / HTTP/1.1\r\n\r\n")
save("tws", "offer", bytes([TWS_HANDSHAKE, 0]) + b"v157..176 +PACEAPI")
save("tws", "announcement", bytes([TWS_HANDSHAKE, 0]) + fields(176, "20261121 07:03:56 US/Eastern"))
