import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@shared/problem'
import type { SignalBatch, SignalsTaken } from '@shared/shapes'
import { Signals, type Ledger } from './signals'
import { openWatchShelf } from './watch-shelf'

let batches: (SignalBatch & { keepalive: boolean })[]
let failure: Problem | null
let told: SignalsTaken[]
let ledgers: Map<string, string>
const made: Signals[] = []

const ledger = (device: string): Ledger => ({
  read: () => ledgers.get(device) ?? null,
  write: (text) => void ledgers.set(device, text),
})

async function post(batch: SignalBatch, keepalive: boolean): Promise<SignalsTaken> {
  batches.push({ ...batch, keepalive })
  if (failure) throw failure
  return { n: Math.max(...batch.signals.map((one) => one.n)), leaves: 0, incidents: [] }
}

function page(device = 'device-1'): Signals {
  const signals = new Signals(1, device, openWatchShelf(), ledger(device), post, (taken) => told.push(taken))
  made.push(signals)
  return signals
}

const sent = () => batches.flatMap((batch) => batch.signals)
const settle = (ms = 500) => vi.advanceTimersByTimeAsync(ms)

/** Everything written, then the page is gone. */
async function gone(signals: Signals): Promise<void> {
  await signals.written()
  signals.close()
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  batches = []
  told = []
  failure = null
  ledgers = new Map()
})
afterEach(() => {
  made.splice(0).forEach((signals) => signals.close())
  vi.useRealTimers()
})

describe('signals', () => {
  it('are numbered from one without gaps and sent in one batch soon after', async () => {
    const signals = page()
    signals.setOnline(true)
    signals.note('copy')
    signals.note('paste')
    await settle(300)
    expect(batches).toHaveLength(1)
    expect(sent().map((one) => [one.n, one.kind])).toEqual([
      [1, 'copy'],
      [2, 'paste'],
    ])
    expect(signals.waiting).toEqual([])
    expect(told).toHaveLength(1)
  })

  it('take the repeats of a held key for one', async () => {
    const signals = page()
    signals.setOnline(true)
    for (let press = 0; press < 20; press += 1) {
      signals.note('copy')
      await settle(90)
    }
    expect(sent()).toHaveLength(1)
  })

  it('tell something that lasts once, how it grows, and its end, as one episode', async () => {
    const signals = page()
    signals.setOnline(true)
    signals.begin('camera_covered')
    await settle(15_000)
    signals.report()
    await settle(5_000)
    signals.end('camera_covered')
    await settle()
    expect(sent().map(({ n, episode, for_ms, at_ms }) => [n, episode, for_ms, at_ms])).toEqual([
      [1, 0, 0, 1_000_000],
      [2, 1, 15_000, 1_000_000],
      [3, 1, 20_000, 1_000_000],
    ])
  })

  it('stay one signal while nothing can be sent, however long it lasts', async () => {
    const signals = page()
    signals.begin('network_gap', Date.now() - 5_000)
    for (let round = 0; round < 100; round += 1) {
      await settle(15_000)
      signals.report()
    }
    signals.end('network_gap')
    signals.setOnline(true)
    await settle()
    expect(sent()).toMatchObject([{ n: 1, kind: 'network_gap', at_ms: 995_000, for_ms: 1_505_000 }])
  })

  it('of an episode already on its way grow under a new number, since that one may have arrived', async () => {
    failure = new Problem('no_network', 0)
    const signals = page()
    signals.setOnline(true)
    signals.begin('camera_muted')
    await settle(1_000)
    failure = null
    signals.end('camera_muted')
    await settle(5_000)
    expect(batches[batches.length - 1]?.signals.map(({ n, episode, for_ms }) => [n, episode, for_ms])).toEqual([
      [1, 0, 0],
      [2, 1, 1_000],
    ])
  })

  it('are sent again with the same numbers until taken', async () => {
    failure = new Problem('try_again', 503)
    const signals = page()
    signals.setOnline(true)
    signals.note('print')
    await settle(7_000)
    expect(batches.length).toBeGreaterThan(1)
    expect(new Set(sent().map((one) => one.n))).toEqual(new Set([1]))
    failure = null
    await settle(30_000)
    expect(signals.waiting).toEqual([])
  })

  it('wait for the start of the exam, and give way when the server will never take them', async () => {
    const signals = page()
    signals.setOnline(true)
    failure = new Problem('not_started', 409)
    signals.note('copy')
    await settle()
    expect(signals.waiting).toHaveLength(1)
    failure = new Problem('no_such_signal', 400)
    await settle(30_000)
    expect(signals.waiting).toEqual([])
  })

  it('are sent at once, in a way that outlives the page, when it is hidden', async () => {
    const signals = page()
    signals.setOnline(true)
    signals.begin('page_hidden')
    signals.hurry()
    await Promise.resolve()
    expect(batches).toMatchObject([{ keepalive: true, signals: [{ n: 1, kind: 'page_hidden', for_ms: 0 }] }])
    await settle(10_000)
    signals.end('page_hidden')
    await settle()
    expect(sent().at(-1)).toMatchObject({ n: 2, episode: 1, for_ms: 10_000 })
  })

  it('go on after a reload: unsent ones are sent, numbers follow, the absence is ended', async () => {
    const first = page()
    first.note('copy')
    first.begin('page_hidden')
    first.begin('camera_covered')
    await gone(first)
    await settle(8_000)
    const second = page()
    expect(second.began).toBe(true)
    await second.load()
    second.end('page_hidden')
    second.note('page_reloaded')
    second.setOnline(true)
    await settle()
    expect(sent().map(({ n, kind, for_ms, episode }) => [n, kind, for_ms, episode])).toEqual([
      [1, 'copy', 0, 0],
      [2, 'page_hidden', 0, 0],
      [3, 'camera_covered', 0, 0],
      [4, 'page_hidden', 8_000, 2],
      [5, 'page_reloaded', 0, 0],
    ])
    expect(second.isLasting('camera_covered')).toBe(false)
    await second.written()
    expect(await openWatchShelf().signals(1)).toEqual([])
  })

  it('noted while the page was going are not lost when its database had no time to write', async () => {
    const first = page()
    first.begin('page_hidden')
    first.close()
    globalThis.indexedDB = new IDBFactory()
    await settle(1_000)
    const second = page()
    await second.load()
    second.end('page_hidden')
    second.setOnline(true)
    await settle()
    expect(sent().map(({ n, for_ms, episode }) => [n, for_ms, episode])).toEqual([
      [1, 0, 0],
      [2, 1_000, 1],
    ])
  })

  it('of a device before this one are sent under its own name', async () => {
    const first = page('device-1')
    first.note('copy')
    await gone(first)
    const second = page('device-2')
    await second.load()
    second.note('paste')
    second.setOnline(true)
    await settle(1_000)
    expect(batches.map((batch) => [batch.device, batch.signals.map((one) => one.n)])).toEqual([
      ['device-1', [1]],
      ['device-2', [1]],
    ])
  })
})
