import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PaperView } from '@shared/shapes'
import { forgetPictures, Pictures } from './pictures'

const NAMES = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(64))
const paper = {
  attempt_id: 7,
  items: NAMES.map((name, index) => ({ no: index + 1, pictures: [{ name, alt: '图' }, { name: NAMES[0], alt: '图' }] })),
} as unknown as PaperView

/** A browser's shelf, as far as it is used. */
class Shelves {
  readonly kept = new Map<string, Map<string, Response>>()
  open = async (shelf: string) => {
    const held = this.kept.get(shelf) ?? new Map<string, Response>()
    this.kept.set(shelf, held)
    return {
      match: async (path: string) => held.get(path)?.clone(),
      put: async (path: string, answer: Response) => void held.set(path, answer),
    }
  }
  delete = async (shelf: string) => this.kept.delete(shelf)
}

describe('pictures of a paper', () => {
  let shelves: Shelves
  beforeEach(() => {
    shelves = new Shelves()
    vi.stubGlobal('caches', shelves)
  })
  afterEach(() => vi.unstubAllGlobals())

  const answering = (status = 200) => vi.fn(async () => new Response('picture', { status, headers: { 'Content-Type': 'image/png' } }))

  it('are each fetched once, and are there after a reload without a network', async () => {
    const online = answering()
    await new Pictures(7, 'device-one', online).fetchAll(paper)
    expect(online).toHaveBeenCalledTimes(NAMES.length)
    const offline = vi.fn(async () => Promise.reject(new TypeError('offline')))
    const again = new Pictures(7, 'device-one', offline)
    expect(await again.url(NAMES[2]!)).toMatch(/^blob:/)
    expect(offline).not.toHaveBeenCalled()
  })

  it('are asked for again after a failure', async () => {
    const pictures = new Pictures(7, 'device-one', answering(409))
    await expect(pictures.url(NAMES[0]!)).rejects.toThrow('409')
    const later = new Pictures(7, 'device-one', answering())
    expect(await later.url(NAMES[0]!)).toBe(await later.url(NAMES[0]!))
  })

  it('go when the exam is over', async () => {
    await new Pictures(7, 'device-one', answering()).fetchAll(paper)
    await forgetPictures(7)
    expect(shelves.kept.size).toBe(0)
  })
})
