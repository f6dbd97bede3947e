/** Signals and pictures that wait for the network: a database of their own, so that the answers' one is left alone. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { CaptureShelf, KeptCapture } from './captures'
import type { SignalRow, SignalShelf } from './signals'

interface Shelves extends DBSchema {
  signals: { key: [number, string, number]; value: SignalRow }
  captures: { key: string; value: KeptCapture; indexes: { attempt: number } }
}

const DATABASE = 'exam-watch'
const OLD_MS = 86_400_000 // the server takes nothing older

export type WatchShelf = SignalShelf & CaptureShelf

const open = (): Promise<IDBPDatabase<Shelves>> =>
  openDB<Shelves>(DATABASE, 1, {
    upgrade(db) {
      db.createObjectStore('signals', { keyPath: ['attempt', 'device', 'n'] })
      db.createObjectStore('captures', { keyPath: 'id' }).createIndex('attempt', 'attempt')
    },
  })

export function openWatchShelf(): WatchShelf {
  return new BrowserShelf(open())
}

class BrowserShelf implements WatchShelf {
  constructor(private readonly db: Promise<IDBPDatabase<Shelves>>) {
    db.catch(() => undefined) // each call meets the failure itself
  }

  async signals(attempt: number): Promise<SignalRow[]> {
    return (await this.db).getAll('signals', IDBKeyRange.bound([attempt], [attempt + 1], false, true))
  }

  async keepSignal(row: SignalRow): Promise<void> {
    await (await this.db).put('signals', row)
  }

  async dropSignals(attempt: number, device: string, upTo: number): Promise<void> {
    const range = IDBKeyRange.bound([attempt, device, 0], [attempt, device, upTo])
    await (await this.db).delete('signals', range)
  }

  async captures(attempt: number): Promise<KeptCapture[]> {
    const all = await (await this.db).getAllFromIndex('captures', 'attempt', attempt)
    const [old, good] = [all.filter(isOld), all.filter((one) => !isOld(one))]
    for (const one of old) await this.dropCapture(one.id)
    return good
  }

  async keepCapture(capture: KeptCapture): Promise<void> {
    await (await this.db).put('captures', capture)
  }

  async dropCapture(id: string): Promise<void> {
    await (await this.db).delete('captures', id)
  }
}

const isOld = (capture: KeptCapture): boolean => Date.now() - capture.at_ms > OLD_MS

/** Logging out on a shared computer: no picture of anybody stays behind. */
export async function clearPictures(): Promise<void> {
  try {
    const db = await open()
    await db.clear('captures')
    db.close()
  } catch {
    // no database, nothing in it
  }
}
