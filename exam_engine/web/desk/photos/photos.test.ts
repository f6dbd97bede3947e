import { Problem } from '@shared/problem'
import { describe, expect, it } from 'vitest'
import type { ImportedPhoto, PhotoImport, PhotoRow } from '../wire'
import { afterAnswer, askAfterMs, fileFault, percentOf, retryAfterMs, ZIP_BYTES_MAX } from './importing'
import { aimed, current, decided, EMPTY, moved, photoDeed, read } from './queue'
import { arranged, asCsv, isProblem } from './report'

const job = (part: Partial<PhotoImport>): PhotoImport => ({
  import_id: 'abcdefgh',
  total: 0,
  done: 0,
  kept: 0,
  pending: 0,
  refused: 0,
  finished: false,
  problem: '',
  files: [],
  ...part,
})
const file = (name: string, outcome: string, part: Partial<ImportedPhoto> = {}): ImportedPhoto => ({
  file: name,
  outcome,
  problem: '',
  doubts: [],
  person: '',
  ...part,
})
const photo = (photo_id: number): PhotoRow => ({
  photo_id,
  person_id: photo_id,
  name: '测试甲',
  id_number: '',
  picture: '',
  doubts: [],
  added_at: '2026-01-01T00:00:00Z',
})

describe('an import', () => {
  it('takes a ZIP that is not empty and not beyond the server’s limit', () => {
    expect(fileFault({ name: 'photos.ZIP', size: ZIP_BYTES_MAX })).toBeNull()
    expect(fileFault({ name: 'photos.rar', size: 10 })).toBe('not_a_zip')
    expect(fileFault({ name: 'photos.zip', size: 0 })).toBe('empty_file')
    expect(fileFault({ name: 'photos.zip', size: ZIP_BYTES_MAX + 1 })).toBe('zip_too_large')
  })

  it('shows two stretches: the way up, then the server’s work', () => {
    expect(percentOf({ step: 'sending', name: 'a.zip', sent: 999, bytes: 1000 })).toBe(99)
    expect(percentOf(afterAnswer(job({})))).toBeNull()
    expect(percentOf(afterAnswer(job({ total: 3, done: 1 })))).toBe(33)
    expect(afterAnswer(job({ total: 3, done: 3, finished: true })).step).toBe('done')
    expect(percentOf({ step: 'failed', problem: new Problem('no_network', 0) })).toBeNull()
  })

  it('is asked about less often the longer its report, and ever less while nobody answers', () => {
    expect(askAfterMs({ done: 0 })).toBe(500)
    expect(askAfterMs({ done: 100_000 })).toBe(4_000)
    expect([0, 1, 2, 10].map(retryAfterMs)).toEqual([1_000, 2_000, 4_000, 15_000])
  })
})

describe('the report', () => {
  const files = [file('b.jpg', 'kept'), file('c.jpg', 'pending'), file('d.jpg', 'refused'), file('a.jpg', 'refused')]

  it('puts first what somebody must do something about', () => {
    expect(arranged(files, false).map((one) => one.file)).toEqual(['a.jpg', 'd.jpg', 'c.jpg', 'b.jpg'])
    expect(arranged(files, true).map((one) => one.file)).toEqual(['a.jpg', 'd.jpg', 'c.jpg'])
    expect(files.map(isProblem)).toEqual([false, true, true, true])
    expect(files[0]?.file).toBe('b.jpg')
  })

  it('becomes a table for a spreadsheet, in which nothing is a formula', () => {
    const words = { head: ['文件', '人员', '结果', '原因'], outcome: () => '退回', why: () => '模糊, "太小"' }
    expect(asCsv([file('=cmd().jpg', 'refused', { person: '测试甲' })], words)).toBe(
      '\ufeff文件,人员,结果,原因\r\n\'=cmd().jpg,测试甲,退回,"模糊, ""太小"""\r\n',
    )
  })
})

describe('the queue', () => {
  const queue = read(EMPTY, [photo(1), photo(2), photo(3)], 5)

  it('begins at its head and keeps its place when read again', () => {
    expect(current(queue)?.photo_id).toBe(1)
    const on = moved(queue, 1)
    expect(current(read(on, [photo(2), photo(3), photo(4)], 4))?.photo_id).toBe(2)
    expect(current(read(on, [photo(3)], 1))?.photo_id).toBe(3)
    expect(current(read(on, [], 0))).toBeNull()
  })

  it('moves within its ends', () => {
    expect(moved(queue, -1).cursor).toBe(1)
    expect(moved(moved(moved(queue, 1), 1), 1).cursor).toBe(3)
    expect(moved(EMPTY, 1)).toBe(EMPTY)
    expect(aimed(queue, 9)).toBe(queue)
    expect(aimed(queue, 3).cursor).toBe(3)
  })

  it('goes on to the next after a decision, and counts down', () => {
    const second = moved(queue, 1)
    expect(decided(second, 2)).toMatchObject({ total: 4, cursor: 3 })
    expect(decided(aimed(queue, 3), 3).cursor).toBe(2)
    expect(decided(second, 1).cursor).toBe(2)
    expect(decided(read(EMPTY, [photo(1)], 1), 1)).toEqual({ rows: [], total: 0, cursor: null })
    expect(decided(queue, 9)).toBe(queue)
  })

  it('a key held down never decides', () => {
    expect(photoDeed('a', false)).toBe('approve')
    expect(photoDeed('R', false)).toBe('refuse')
    expect(photoDeed('a', true)).toBeNull()
    expect(photoDeed('r', true)).toBeNull()
    expect(photoDeed('ArrowDown', true)).toBe('next')
    expect(photoDeed('x', false)).toBeNull()
  })
})
