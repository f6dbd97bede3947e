/**
 * Pictures of a paper: fetched once, all of them, as soon as the paper is there, and kept as long as it is. A phone that
 * goes offline in the middle still shows them. Where the browser keeps nothing they live in memory, and come again after
 * a reload.
 */
import type { PaperView } from '@shared/shapes'

const AT_ONCE = 3
const SHELVES = 'exam-pictures-'
const shelfOf = (attempt: number): string => `${SHELVES}${attempt}`

/** The exam is over: its pictures go with its paper. */
export async function forgetPictures(attempt: number): Promise<void> {
  if (typeof caches !== 'undefined') await caches.delete(shelfOf(attempt))
}

/** Somebody logs out: the next at this device finds none. */
export async function forgetAllPictures(): Promise<void> {
  if (typeof caches === 'undefined') return
  const shelves = (await caches.keys()).filter((shelf) => shelf.startsWith(SHELVES))
  await Promise.all(shelves.map((shelf) => caches.delete(shelf)))
}

export class Pictures {
  private readonly urls = new Map<string, Promise<string>>()

  constructor(
    private readonly attempt: number,
    private readonly device: string,
    private readonly fetching: typeof fetch = (...asked) => fetch(...asked),
  ) {}

  /** The address of a picture; rejected while it can't be had: asking again tries again. */
  readonly url = (name: string): Promise<string> => {
    const known = this.urls.get(name)
    if (known) return known
    const coming = this.load(name)
    this.urls.set(name, coming)
    coming.catch(() => this.urls.delete(name))
    return coming
  }

  /** Fetch all pictures of the paper, a few at a time; what fails is fetched when its item is looked at. */
  async fetchAll(paper: PaperView): Promise<void> {
    const names = [...new Set(paper.items.flatMap((item) => (item.pictures ?? []).map((picture) => picture.name)))]
    const next = async (): Promise<void> => {
      for (let name = names.shift(); name !== undefined; name = names.shift()) await this.url(name).catch(() => undefined)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, next))
  }

  close(): void {
    for (const coming of this.urls.values()) void coming.then((url) => URL.revokeObjectURL(url), () => undefined)
    this.urls.clear()
  }

  private async load(name: string): Promise<string> {
    const path = `/api/attempts/${this.attempt}/pictures/${name}`
    const shelf = typeof caches === 'undefined' ? null : await caches.open(shelfOf(this.attempt)).catch(() => null)
    const kept = await shelf?.match(path).catch(() => undefined)
    if (kept) return URL.createObjectURL(await kept.blob())
    const answer = await this.fetching(`${path}?device=${encodeURIComponent(this.device)}`, { credentials: 'same-origin' })
    if (!answer.ok) throw new Error(`picture ${answer.status}`)
    const blob = await answer.blob()
    await shelf?.put(path, new Response(blob, { headers: { 'Content-Type': blob.type } })).catch(() => undefined)
    return URL.createObjectURL(blob)
  }
}
