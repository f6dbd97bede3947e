"""The proxy as a process, with an echo behind it."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from loadtest.proxied import Proxied
from loadtest.proxy import HOST, Order
from loadtest.weather import CALM, Weather

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUGH = Weather(latency_s=0.02, jitter_s=0.01, loss=0.02)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def behind() -> AsyncIterator[int]:
    server = await asyncio.start_server(echo, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(behind: int, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxied]:
    proxied = Proxied(tmp_path_factory.mktemp("proxy") / "proxy.log", seed=4)
    await proxied.start()
    await proxied.order(Order(backends=[behind]))
    yield proxied
    await proxied.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def calm(line: Proxied, behind: int) -> AsyncIterator[Proxied]:
    """The same line, as it was at first afterwards."""
    yield line
    await line.order(Order(backends=[behind], weather=CALM, refuse=False))


async def sent_through(port: int, data: bytes) -> bytes:
    """What comes back until the other end has said all, after we have."""
    reader, writer = await asyncio.open_connection(HOST, port)

    async def send() -> None:
        for at in range(0, len(data), 5_000):
            writer.write(data[at : at + 5_000])
            await writer.drain()
        writer.write_eof()

    _, back = await asyncio.gather(send(), reader.read())
    writer.close()
    return back


async def test_two_hundred_connections_lose_and_mix_no_byte_in_rough_weather(calm: Proxied) -> None:
    await calm.order(Order(weather=ROUGH))
    rng = random.Random(7)
    sent = [rng.randbytes(rng.randrange(1, 20_000)) for _ in range(200)]
    assert await asyncio.gather(*(sent_through(calm.port, data) for data in sent)) == sent
    figures = await calm.order(Order())
    assert (figures.open, figures.accepted) == (0, 200)
    assert figures.up == figures.down == sum(map(len, sent))


@pytest.mark.parametrize("weather", [CALM, Weather(latency_s=0.01, rate=4e6)])
async def test_much_at_once_has_to_wait_and_arrives_whole(calm: Proxied, weather: Weather) -> None:
    await calm.order(Order(weather=weather))
    data = random.Random(1).randbytes(2_000_000)
    assert await sent_through(calm.port, data) == data


async def test_a_round_takes_the_latency_of_both_ways_and_of_the_handshake(calm: Proxied) -> None:
    await calm.order(Order(weather=Weather(latency_s=0.05)))
    loop = asyncio.get_running_loop()
    at = loop.time()
    assert await sent_through(calm.port, b"ping") == b"ping"
    assert loop.time() - at >= 0.2  # never sooner; how much later says how busy the machine is


async def test_who_is_cut_off_hears_a_reset_and_the_others_go_on(calm: Proxied) -> None:
    ends = [await asyncio.open_connection(HOST, calm.port) for _ in range(10)]
    for reader, writer in ends:
        writer.write(b"a")
        assert await reader.read(1) == b"a"
    before = (await calm.order(Order())).cut
    figures = await calm.order(Order(cut=0.3))
    assert (figures.cut - before, figures.open) == (3, 7)
    heard = []
    for reader, writer in ends:
        writer.write(b"b")
        try:
            heard.append(await reader.read(1))
        except ConnectionResetError:
            heard.append(b"reset")
        writer.close()
    assert sorted(heard) == [b"b"] * 7 + [b"reset"] * 3


async def test_in_a_silence_nothing_arrives_and_afterwards_everything_does(calm: Proxied) -> None:
    reader, writer = await asyncio.open_connection(HOST, calm.port)
    writer.write(b"before ")
    assert await reader.readexactly(7) == b"before "
    loop = asyncio.get_running_loop()
    at = loop.time()
    await calm.order(Order(cut=1.0, how="silent", for_s=0.4))
    writer.write(b"during ")
    newcomer = asyncio.create_task(sent_through(calm.port, b"new"))
    assert await reader.readexactly(7) == b"during "
    assert loop.time() - at >= 0.4
    assert await newcomer == b"new"
    assert loop.time() - at >= 0.4
    writer.close()


async def test_one_who_refuses_is_passed_over(calm: Proxied, behind: int) -> None:
    before = (await calm.order(Order())).retried
    await calm.order(Order(backends=[1, behind]))  # nobody listens on port 1
    assert await asyncio.gather(*(sent_through(calm.port, b"here") for _ in range(8))) == [b"here"] * 8
    assert (await calm.order(Order())).retried > before


async def test_newcomers_are_refused_when_that_is_ordered(calm: Proxied) -> None:
    await calm.order(Order(refuse=True))
    with pytest.raises(ConnectionResetError):
        await sent_through(calm.port, b"hello")
