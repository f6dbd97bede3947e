/** The tiles of a board in the order of names as people read them, and of numbers where names are the same. */

import type { Tile } from '../wire'

const FEW = 64 // more new ones than this: sorting all is quicker than placing each

export class NameOrder {
  private names: { id: number; name: string }[] = []
  private readonly known = new Map<number, string>()
  private collator = new Intl.Collator()

  constructor(
    private readonly tileOf: (attemptId: number) => Tile | undefined,
    private readonly all: () => Iterable<Tile>,
    locale: string,
  ) {
    this.collator = new Intl.Collator(locale)
  }

  /** Names are read differently: everything is sorted again. */
  speak(locale: string): void {
    this.collator = new Intl.Collator(locale)
    this.names.sort(this.compare)
  }

  /** Tiles appeared or vanished. */
  refresh(): void {
    const fresh: { id: number; name: string }[] = []
    for (const tile of this.all()) {
      if (this.known.get(tile.attempt_id) === tile.name) continue
      if (this.known.has(tile.attempt_id)) this.drop(tile.attempt_id)
      this.known.set(tile.attempt_id, tile.name)
      fresh.push({ id: tile.attempt_id, name: tile.name })
    }
    if (fresh.length > FEW) this.names = [...this.names, ...fresh].sort(this.compare)
    else for (const one of fresh) this.place(one)
    if (this.names.some((one) => this.tileOf(one.id) === undefined)) this.sweep()
  }

  *[Symbol.iterator](): IterableIterator<Tile> {
    for (const one of this.names) {
      const tile = this.tileOf(one.id)
      if (tile !== undefined) yield tile
    }
  }

  private readonly compare = (one: { id: number; name: string }, other: { id: number; name: string }): number =>
    this.collator.compare(one.name, other.name) || one.id - other.id

  private place(one: { id: number; name: string }): void {
    let low = 0
    let high = this.names.length
    while (low < high) {
      const middle = (low + high) >> 1
      const there = this.names[middle]
      if (there !== undefined && this.compare(there, one) < 0) low = middle + 1
      else high = middle
    }
    this.names.splice(low, 0, one)
  }

  private drop(attemptId: number): void {
    this.names = this.names.filter((one) => one.id !== attemptId)
  }

  private sweep(): void {
    for (const one of this.names) if (this.tileOf(one.id) === undefined) this.known.delete(one.id)
    this.names = this.names.filter((one) => this.tileOf(one.id) !== undefined)
  }
}
