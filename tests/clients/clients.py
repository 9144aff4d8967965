"""Two Kraken clients of other people, unchanged, against the embedded exchange over TLS.

Usage: python tests/clients/clients.py target/debug/exchange [ARGUMENT]...

python-kraken-sdk keeps a book at every depth and checks every checksum itself. ccxt keeps one and checks none;
its books are held against the exchange's own. What both would ask Kraken's REST interface for, precisions and
markets, they are given from the channel `instrument`.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SYMBOL = "BTC/EUR"
DEPTHS = [10, 25, 100, 500, 1000]
# Messages after which a client has seen enough.
ENOUGH = 200
# Seconds after which nothing more is waited for.
PATIENCE = 50


async def instruments(url: str) -> list[dict]:
    """The pairs that the exchange lists, by python-kraken-sdk's plain client."""
    from kraken.spot import SpotWSClient

    found: asyncio.Future = asyncio.get_running_loop().create_future()

    async def heard(message: dict) -> None:
        if message.get("channel") == "instrument" and not found.done():
            found.set_result(message["data"]["pairs"])

    client = SpotWSClient(ws_url=url, callback=heard)
    await client.start()
    await client.subscribe(params={"channel": "instrument"})
    pairs = await found
    await client.close()
    return pairs


async def sdk_book(url: str, depth: int, pairs: dict[str, dict]) -> str:
    """Keeps a book at a depth until enough checksums held."""
    from kraken.spot import Market, SpotOrderBookClient

    checked = 0
    done: asyncio.Future = asyncio.get_running_loop().create_future()

    class Precisions(Market):
        def get_asset_pairs(self, pair: str) -> dict:
            row = pairs[pair]
            return {pair: {"pair_decimals": row["price_precision"], "lot_decimals": row["qty_precision"]}}

    class Book(SpotOrderBookClient):
        WS_URL = url

        async def on_book_update(self, pair: str, message: dict) -> None:
            nonlocal checked
            if done.done():
                return
            # The client would repair what it finds: here it is a failure.
            if "error" in message or not self.get(pair=pair)["valid"]:
                done.set_exception(AssertionError(f"depth {depth}: a checksum does not hold: {message}"))
                return
            checked += message["type"] == "update"
            if checked == ENOUGH:
                done.set_result(None)

    client = Book(depth=depth)
    client._SpotOrderBookClient__market = Precisions()
    await client.start()
    await client.add_book(pairs=[SYMBOL])
    await done
    assert not client.exception_occur
    assert client.active_public_subscriptions == [
        {"channel": "book", "depth": depth, "snapshot": True, "symbol": [SYMBOL]}
    ]
    await client.close()
    return f"python-kraken-sdk: depth {depth}: {checked} checksums hold"


def ccxt_client(url: str, ca: Path, pairs: dict[str, dict]):
    import ccxt.pro

    client = ccxt.pro.kraken({"newUpdates": True, "cafile": str(ca)})
    client.urls["api"]["ws"]["publicV2"] = url + "/v2"
    row = pairs[SYMBOL]
    base, quote = row["base"], row["quote"]
    precision = {"price": row["price_increment"], "amount": row["qty_increment"]}
    market = {"id": SYMBOL, "symbol": SYMBOL, "base": base, "quote": quote, "baseId": base, "quoteId": quote}
    market |= {"type": "spot", "spot": True, "active": True, "precision": precision, "info": {"wsname": SYMBOL}}
    client.set_markets([client.safe_market_structure(market)])
    return client


async def ccxt_books(client) -> dict[str, list]:
    """Keeps a book at depth 10: its sides by time."""
    books = {}
    while len(books) < ENOUGH:
        book = await client.watch_order_book(SYMBOL, 10)
        if book["datetime"]:
            sides = [[[str(price), f"{qty:.8f}"] for price, qty in book[side]] for side in ("bids", "asks")]
            books[book["datetime"]] = sides
    return books


def compare(books: dict[str, list], truth: Path) -> str:
    """Holds ccxt's books against the exchange's own of the same moments."""
    rows = map(json.loads, truth.read_text().splitlines())
    own = {row["timestamp"]: [row["bids"], row["asks"]] for row in rows if row["depth"] == 10}
    for time, book in books.items():
        assert own[time] == book, f"{time}: {book} is not {own[time]}"
    return f"ccxt: {len(books)} books are the exchange's"


async def ccxt_trades(client) -> str:
    ids = []
    while len(ids) < 3:
        ids += [int(trade["id"]) for trade in await client.watch_trades(SYMBOL)]
    assert ids == list(range(ids[0], ids[0] + len(ids))), ids
    return f"ccxt: trades {ids[0]} to {ids[-1]}"


async def ccxt_ticker(client) -> str:
    ticker = await client.watch_ticker(SYMBOL)
    assert 0 < ticker["bid"] < ticker["ask"], ticker
    return f"ccxt: ticker {ticker['bid']} / {ticker['ask']}"


async def clients(url: str, ca: Path) -> tuple[list[str], dict[str, list]]:
    listed = await instruments(url)
    assert len(listed) > 1
    pairs = {row["symbol"]: row for row in listed}
    assert pairs[SYMBOL]["status"] == "online"
    told = list(await asyncio.gather(*(sdk_book(url, depth, pairs) for depth in DEPTHS)))
    client = ccxt_client(url, ca, pairs)
    try:
        books, *more = await asyncio.gather(ccxt_books(client), ccxt_trades(client), ccxt_ticker(client))
    finally:
        await client.close()
    return told + more, books


def main(program: str, arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ca, truth = Path(folder, "ca.pem"), Path(folder, "truth.jsonl")
        command = [program, "--tls", "--ca", str(ca), "--truth", str(truth), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as exchange:
            try:
                url = exchange.stdout.readline().strip().removesuffix("/v2")
                # Both trust it as they would trust Kraken: through the certificates of the system.
                os.environ["SSL_CERT_FILE"] = str(ca)
                told, books = asyncio.run(asyncio.wait_for(clients(url, ca), PATIENCE))
            finally:
                exchange.terminate()
        assert exchange.returncode == 0, exchange.returncode
        told.append(compare(books, truth))
    print("\n".join(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
