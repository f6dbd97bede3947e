/** What the browser keeps for an exam: commands not yet acknowledged, the paper, and the last view of the attempt. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Numbered } from '@shared/frames'
import type { AttemptView, PaperView } from '@shared/shapes'
import { forgetAllPictures, forgetPictures } from './pictures'

/** `lost`: it was found that the server never got it and can't be given it any more; kept to be shown. */
export interface Row {
  attempt: number
  device: string
  seq: number
  command: Numbered
  kept_at: number
  lost: boolean
}

/** `left_ms` at wall-clock `kept_at`: the only hint of the time left when a page opens with no network. */
export interface KeptView {
  attempt: number
  device: string
  view: AttemptView
  left_ms: number
  ticking: boolean
  kept_at: number
}

export interface Drawer {
  commands(attempt: number): Promise<Row[]>
  put(attempt: number, device: string, command: Numbered): Promise<void>
  forget(attempt: number, device: string, upTo: number): Promise<void>
  rewrite(attempt: number, device: string, commands: readonly Numbered[]): Promise<void>
  giveUp(rows: readonly Row[]): Promise<void>
  paper(attempt: number): Promise<PaperView | undefined>
  keepPaper(paper: PaperView): Promise<void>
  view(attempt: number): Promise<KeptView | undefined>
  keepView(kept: KeptView): Promise<void>
  /** The exam is over: the paper and the view go, commands stay until acknowledged. */
  clear(attempt: number): Promise<void>
}

interface Shelves extends DBSchema {
  commands: { key: [number, string, number]; value: Row }
  papers: { key: number; value: PaperView }
  views: { key: number; value: KeptView }
}

export const DATABASE = 'exam'
const END = Number.MAX_SAFE_INTEGER

export function openDrawer(): Drawer {
  return new BrowserDrawer(
    openDB<Shelves>(DATABASE, 1, {
      upgrade(db) {
        db.createObjectStore('commands', { keyPath: ['attempt', 'device', 'seq'] })
        db.createObjectStore('papers', { keyPath: 'attempt_id' })
        db.createObjectStore('views', { keyPath: 'attempt' })
      },
    }),
  )
}

const range = (attempt: number, device: string, upTo: number): IDBKeyRange =>
  IDBKeyRange.bound([attempt, device, 0], [attempt, device, upTo])

const row = (attempt: number, device: string, command: Numbered): Row => ({
  attempt,
  device,
  seq: command.seq,
  command,
  kept_at: Date.now(),
  lost: false,
})

class BrowserDrawer implements Drawer {
  constructor(private readonly db: Promise<IDBPDatabase<Shelves>>) {
    // Each call meets the failure itself; without this a browser that forbids the database logs it as unhandled.
    db.catch(() => undefined)
  }

  async commands(attempt: number): Promise<Row[]> {
    return (await this.db).getAll('commands', IDBKeyRange.bound([attempt], [attempt + 1], false, true))
  }

  async put(attempt: number, device: string, command: Numbered): Promise<void> {
    await (await this.db).put('commands', row(attempt, device, command))
  }

  async forget(attempt: number, device: string, upTo: number): Promise<void> {
    await (await this.db).delete('commands', range(attempt, device, upTo))
  }

  async rewrite(attempt: number, device: string, commands: readonly Numbered[]): Promise<void> {
    const work = (await this.db).transaction('commands', 'readwrite')
    await work.store.delete(range(attempt, device, END))
    for (const command of commands) await work.store.put(row(attempt, device, command))
    await work.done
  }

  async giveUp(rows: readonly Row[]): Promise<void> {
    const work = (await this.db).transaction('commands', 'readwrite')
    for (const one of rows) await work.store.put({ ...one, lost: true })
    await work.done
  }

  async paper(attempt: number): Promise<PaperView | undefined> {
    return (await this.db).get('papers', attempt)
  }

  async keepPaper(paper: PaperView): Promise<void> {
    await (await this.db).put('papers', paper)
  }

  async view(attempt: number): Promise<KeptView | undefined> {
    return (await this.db).get('views', attempt)
  }

  async keepView(kept: KeptView): Promise<void> {
    await (await this.db).put('views', kept)
  }

  async clear(attempt: number): Promise<void> {
    const pictures = forgetPictures(attempt).catch(() => undefined)
    const db = await this.db
    await Promise.all([db.delete('papers', attempt), db.delete('views', attempt), pictures])
  }
}

/** Logging out on a shared computer: nothing of any paper stays behind. Unsent commands do, they are the owner's. */
export async function clearPapers(): Promise<void> {
  await forgetAllPictures().catch(() => undefined)
  try {
    const db = await openDB<Shelves>(DATABASE)
    for (const shelf of ['papers', 'views'] as const) {
      if (db.objectStoreNames.contains(shelf)) await db.clear(shelf)
    }
    db.close()
  } catch {
    // no database, nothing in it
  }
}
