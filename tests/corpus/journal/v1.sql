-- A journal of version 1, as it was the day that version was made.
BEGIN TRANSACTION;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,        -- its place
    at INTEGER NOT NULL,            -- UTC nanoseconds
    kind TEXT NOT NULL,
    body TEXT NOT NULL,             -- JSON: the moment, and the orders as they stand after it
    crc INTEGER NOT NULL            -- of seq, at and body
) STRICT;
INSERT INTO "events" VALUES(1,1001000000000,'intended','{"moment":{"Intended":{"input_at":999000000000,"seen":{"bid":"100.40","bid_size":"300","ask":"100.50","ask_size":"200","last":null,"last_size":"0","volume":"0","prev_close":null,"open":null,"high":null,"low":null,"is_open":true,"time":998000000000}}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Intended","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000},{"id":2,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"Limit":{"price":"110.00"}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Intended","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1002000000000},{"id":3,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"TrailingStop":{"by":{"Percent":"1.5"}}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Intended","filled":"0","average_price":null,"trigger":"98.99","reason":null,"origin":"Ticket","created":1000000000000,"updated":1003000000000}]}',1616654056);
INSERT INTO "events" VALUES(2,1002000000000,'sent','{"moment":{"Sent":{"journaled_at":1000000000000,"session":1}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Sent","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000},{"id":2,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"Limit":{"price":"110.00"}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Sent","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1002000000000},{"id":3,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"TrailingStop":{"by":{"Percent":"1.5"}}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Sent","filled":"0","average_price":null,"trigger":"98.99","reason":null,"origin":"Ticket","created":1000000000000,"updated":1003000000000}]}',368069227);
INSERT INTO "events" VALUES(3,1003000000000,'on wire','{"moment":{"OnWire":{"at":1001000000000}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Sent","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}]}',238225064);
INSERT INTO "events" VALUES(4,1004000000000,'reported','{"moment":{"Reported":{"status":"Working","reason":"accepted","broker_time":1002000000000}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Working","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}]}',2401669607);
INSERT INTO "events" VALUES(5,1005000000000,'asked amend','{"moment":{"AskedAmend":{"quantity":null,"limit":"100.50","stop":null}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"PendingAmend","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}]}',2710442810);
INSERT INTO "events" VALUES(6,1006000000000,'amended','{"moment":{"Amended":{"broker_time":1004000000000}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Working","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}]}',4261308112);
INSERT INTO "events" VALUES(7,1007000000000,'amend refused','{"moment":{"AmendRefused":{"why":"too late"}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Working","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}]}',3441324183);
INSERT INTO "events" VALUES(8,1008000000000,'executed','{"moment":{"Executed":{"broker":"paper","account":"PAPER","exec":"0000e0d5.6a","order":1,"instrument":"AAPL@TEST","currency":"USD","side":"Buy","quantity":"100","price":"100.49","commission":{"amount":"0.35","currency":"USD"},"realised":"-12.5","liquidity":"Taker","time":1003000000000}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Filled","filled":"100","average_price":"100.49","trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}]}',638180533);
INSERT INTO "events" VALUES(9,1009000000000,'executed','{"moment":{"Executed":{"broker":"paper","account":"PAPER","exec":"0000e0d5.6a","order":1,"instrument":"AAPL@TEST","currency":"USD","side":"Buy","quantity":"100","price":"100.49","commission":{"amount":"0.35","currency":"USD"},"realised":"-12.5","liquidity":"Taker","time":1003000000000}},"orders":[{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Filled","filled":"100","average_price":"100.49","trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}]}',1628788836);
INSERT INTO "events" VALUES(10,1010000000000,'trigger moved','{"moment":{"TriggerMoved":{"price":"98.99"}},"orders":[{"id":3,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"TrailingStop":{"by":{"Percent":"1.5"}}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Held","filled":"0","average_price":null,"trigger":"98.99","reason":null,"origin":"Ticket","created":1000000000000,"updated":1003000000000}]}',1011736787);
INSERT INTO "events" VALUES(11,1011000000000,'reported','{"moment":{"Reported":{"status":"Working","reason":null,"broker_time":1008000000000}},"orders":[{"id":2,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"Limit":{"price":"110.00"}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Working","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1002000000000}]}',2333568496);
INSERT INTO "events" VALUES(12,1012000000000,'intended','{"moment":{"Intended":{"input_at":1010000000000,"seen":null}},"orders":[{"id":4,"broker":"paper","account":"PAPER","instrument":"7203@TEST","side":"Buy","quantity":"100","kind":{"StopLimit":{"stop":"2500","price":"2510"}},"tif":{"Gtd":90000000000000},"post_only":true,"oco":null,"parent":null,"status":"Intended","filled":"0","average_price":null,"trigger":null,"reason":"cancelled by the trader","origin":"Ticket","created":1000000000000,"updated":1004000000000}]}',1423667977);
INSERT INTO "events" VALUES(13,1013000000000,'asked cancel','{"moment":"AskedCancel","orders":[{"id":4,"broker":"paper","account":"PAPER","instrument":"7203@TEST","side":"Buy","quantity":"100","kind":{"StopLimit":{"stop":"2500","price":"2510"}},"tif":{"Gtd":90000000000000},"post_only":true,"oco":null,"parent":null,"status":"PendingCancel","filled":"0","average_price":null,"trigger":null,"reason":"cancelled by the trader","origin":"Ticket","created":1000000000000,"updated":1004000000000}]}',2233398384);
INSERT INTO "events" VALUES(14,1014000000000,'cancel refused','{"moment":{"CancelRefused":{"why":"not yet"}},"orders":[{"id":4,"broker":"paper","account":"PAPER","instrument":"7203@TEST","side":"Buy","quantity":"100","kind":{"StopLimit":{"stop":"2500","price":"2510"}},"tif":{"Gtd":90000000000000},"post_only":true,"oco":null,"parent":null,"status":"Working","filled":"0","average_price":null,"trigger":null,"reason":"cancelled by the trader","origin":"Ticket","created":1000000000000,"updated":1004000000000}]}',3378548779);
INSERT INTO "events" VALUES(15,1015000000000,'settled','{"moment":{"Settled":{"finding":"The broker has cancelled it"}},"orders":[{"id":4,"broker":"paper","account":"PAPER","instrument":"7203@TEST","side":"Buy","quantity":"100","kind":{"StopLimit":{"stop":"2500","price":"2510"}},"tif":{"Gtd":90000000000000},"post_only":true,"oco":null,"parent":null,"status":"Cancelled","filled":"0","average_price":null,"trigger":null,"reason":"cancelled by the trader","origin":"Ticket","created":1000000000000,"updated":1004000000000}]}',2237738695);
INSERT INTO "events" VALUES(16,1016000000000,'reported','{"moment":{"Reported":{"status":"Working","reason":null,"broker_time":1015000000000}},"orders":[{"id":5,"broker":"other","account":"DU1234567","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":"Market","tif":"Ioc","post_only":false,"oco":null,"parent":null,"status":"Working","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Foreign","created":1000000000000,"updated":1005000000000}]}',2134248132);
INSERT INTO "events" VALUES(17,1017000000000,'lost broker','{"moment":"LostBroker","orders":[{"id":5,"broker":"other","account":"DU1234567","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":"Market","tif":"Ioc","post_only":false,"oco":null,"parent":null,"status":"Unknown","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Foreign","created":1000000000000,"updated":1005000000000}]}',294478240);
INSERT INTO "events" VALUES(18,1018000000000,'decided','{"moment":{"Decided":{"decision":"I will ask the broker"}},"orders":[{"id":5,"broker":"other","account":"DU1234567","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":"Market","tif":"Ioc","post_only":false,"oco":null,"parent":null,"status":"Unknown","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Foreign","created":1000000000000,"updated":1005000000000}]}',3702187006);
INSERT INTO "events" VALUES(19,1019000000000,'reconciled','{"moment":{"Reconciled":{"broker":"other","summary":"1 order is foreign"}},"orders":[]}',2410436926);
INSERT INTO "events" VALUES(20,1020000000000,'kill','{"moment":{"Kill":{"is_on":true}},"orders":[]}',3274388514);
INSERT INTO "events" VALUES(21,1021000000000,'kill','{"moment":{"Kill":{"is_on":false}},"orders":[]}',1252590718);
INSERT INTO "events" VALUES(22,1022000000000,'intended','{"moment":{"Intended":{"input_at":1020000000000,"seen":null}},"orders":[{"id":6,"broker":"paper","account":"PAPER","instrument":"TSLA@GONE","side":"Buy","quantity":"100","kind":{"Stop":{"stop":"7"}},"tif":"Day","post_only":false,"oco":null,"parent":null,"status":"Intended","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1006000000000}]}',690933806);
INSERT INTO "events" VALUES(23,1023000000000,'not sent','{"moment":{"NotSent":{"why":"the quote was too old"}},"orders":[{"id":6,"broker":"paper","account":"PAPER","instrument":"TSLA@GONE","side":"Buy","quantity":"100","kind":{"Stop":{"stop":"7"}},"tif":"Day","post_only":false,"oco":null,"parent":null,"status":"Held","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1006000000000}]}',466944903);
CREATE TABLE facts (                -- what concerns all trading
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    crc INTEGER NOT NULL            -- of name and value
) STRICT, WITHOUT ROWID;
INSERT INTO "facts" VALUES('killed','false',828165227);
CREATE TABLE fills (
    seq INTEGER PRIMARY KEY,        -- the event that told of it
    broker TEXT NOT NULL,
    account TEXT NOT NULL,
    exec TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    time INTEGER NOT NULL,          -- UTC nanoseconds, as the exchange says
    body TEXT NOT NULL,             -- JSON; decimals are text in it
    crc INTEGER NOT NULL,           -- of seq, time and body
    UNIQUE (broker, account, exec)  -- an execution counts once
) STRICT;
INSERT INTO "fills" VALUES(8,'paper','PAPER','0000e0d5.6a',1,1003000000000,'{"broker":"paper","account":"PAPER","exec":"0000e0d5.6a","order":1,"instrument":"AAPL@TEST","currency":"USD","side":"Buy","quantity":"100","price":"100.49","commission":{"amount":"0.35","currency":"USD"},"realised":"-12.5","liquidity":"Taker","time":1003000000000}',3174521880);
CREATE TABLE orders (               -- each order as its newest event says
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,           -- that event
    is_live INTEGER NOT NULL,
    created INTEGER NOT NULL,       -- UTC nanoseconds
    intended INTEGER,               -- when the intent was journaled, if it was
    body TEXT NOT NULL,             -- JSON
    crc INTEGER NOT NULL            -- of id, seq and body
) STRICT;
INSERT INTO "orders" VALUES(1,9,0,1000000000000,1001000000000,'{"id":1,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":{"Limit":{"price":"100.50"}},"tif":"Gtc","post_only":false,"oco":null,"parent":null,"status":"Filled","filled":"100","average_price":"100.49","trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1001000000000}',1519254556);
INSERT INTO "orders" VALUES(2,11,1,1000000000000,1001000000000,'{"id":2,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"Limit":{"price":"110.00"}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Working","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1002000000000}',2295924234);
INSERT INTO "orders" VALUES(3,10,1,1000000000000,1001000000000,'{"id":3,"broker":"paper","account":"PAPER","instrument":"AAPL@TEST","side":"Sell","quantity":"100","kind":{"TrailingStop":{"by":{"Percent":"1.5"}}},"tif":"Gtc","post_only":false,"oco":1,"parent":1,"status":"Held","filled":"0","average_price":null,"trigger":"98.99","reason":null,"origin":"Ticket","created":1000000000000,"updated":1003000000000}',305070759);
INSERT INTO "orders" VALUES(4,15,0,1000000000000,1012000000000,'{"id":4,"broker":"paper","account":"PAPER","instrument":"7203@TEST","side":"Buy","quantity":"100","kind":{"StopLimit":{"stop":"2500","price":"2510"}},"tif":{"Gtd":90000000000000},"post_only":true,"oco":null,"parent":null,"status":"Cancelled","filled":"0","average_price":null,"trigger":null,"reason":"cancelled by the trader","origin":"Ticket","created":1000000000000,"updated":1004000000000}',1642994070);
INSERT INTO "orders" VALUES(5,18,1,1000000000000,NULL,'{"id":5,"broker":"other","account":"DU1234567","instrument":"AAPL@TEST","side":"Buy","quantity":"100","kind":"Market","tif":"Ioc","post_only":false,"oco":null,"parent":null,"status":"Unknown","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Foreign","created":1000000000000,"updated":1005000000000}',2252949308);
INSERT INTO "orders" VALUES(6,23,1,1000000000000,1022000000000,'{"id":6,"broker":"paper","account":"PAPER","instrument":"TSLA@GONE","side":"Buy","quantity":"100","kind":{"Stop":{"stop":"7"}},"tif":"Day","post_only":false,"oco":null,"parent":null,"status":"Held","filled":"0","average_price":null,"trigger":null,"reason":null,"origin":"Ticket","created":1000000000000,"updated":1006000000000}',265422977);
CREATE TABLE probe (                -- what is written to learn whether the disk takes anything
    block TEXT NOT NULL
) STRICT;
CREATE TABLE touched (              -- which events are about which order
    order_id INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES events (seq),
    PRIMARY KEY (order_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO "touched" VALUES(1,1);
INSERT INTO "touched" VALUES(1,2);
INSERT INTO "touched" VALUES(1,3);
INSERT INTO "touched" VALUES(1,4);
INSERT INTO "touched" VALUES(1,5);
INSERT INTO "touched" VALUES(1,6);
INSERT INTO "touched" VALUES(1,7);
INSERT INTO "touched" VALUES(1,8);
INSERT INTO "touched" VALUES(1,9);
INSERT INTO "touched" VALUES(2,1);
INSERT INTO "touched" VALUES(2,2);
INSERT INTO "touched" VALUES(2,11);
INSERT INTO "touched" VALUES(3,1);
INSERT INTO "touched" VALUES(3,2);
INSERT INTO "touched" VALUES(3,10);
INSERT INTO "touched" VALUES(4,12);
INSERT INTO "touched" VALUES(4,13);
INSERT INTO "touched" VALUES(4,14);
INSERT INTO "touched" VALUES(4,15);
INSERT INTO "touched" VALUES(5,16);
INSERT INTO "touched" VALUES(5,17);
INSERT INTO "touched" VALUES(5,18);
INSERT INTO "touched" VALUES(6,22);
INSERT INTO "touched" VALUES(6,23);
CREATE INDEX orders_by_life ON orders (is_live, seq);
CREATE INDEX orders_by_time ON orders (created);
CREATE INDEX orders_by_intent ON orders (intended) WHERE intended IS NOT NULL;
CREATE INDEX fills_by_time ON fills (time);
COMMIT;
PRAGMA application_id = 1886676074;
PRAGMA user_version = 1;
