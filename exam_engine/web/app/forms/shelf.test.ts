// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import { forgetDrafts } from '../drafts'
import { openShelf, type Kept } from './shelf'
import { FORM } from './testing/file-server'

const kept = (page: string, school: string): Kept => ({
  page,
  version: 1,
  base: {},
  values: { school },
  view: { version: 1, form: FORM, values: {}, problems: [], computed: {}, documents: [], editable: true },
})

beforeEach(() => localStorage.clear())

describe('what is kept on the device', () => {
  it('is there again for the same account and part, and for no other', () => {
    expect(openShelf(7, 'profile').write(kept('a', '甲'))).toBe(true)
    expect(openShelf(7, 'profile').read()?.values).toEqual({ school: '甲' })
    expect(openShelf(8, 'profile').read()).toBeNull()
    expect(openShelf(7, 'evaluation').read()).toBeNull()
  })

  it('is dropped only by the page that wrote it', () => {
    const shelf = openShelf(7, 'profile')
    shelf.write(kept('a', '甲'))
    shelf.drop('b')
    expect(shelf.read()?.page).toBe('a')
    shelf.drop('a')
    expect(shelf.read()).toBeNull()
  })

  it('is forgotten at log-out, whoever wrote it', () => {
    openShelf(7, 'profile').write(kept('a', '甲'))
    openShelf(8, 'evaluation').write(kept('b', '乙'))
    forgetDrafts()
    expect([openShelf(7, 'profile').read(), openShelf(8, 'evaluation').read()]).toEqual([null, null])
    expect(JSON.stringify({ ...localStorage })).not.toMatch(/[甲乙]/)
  })
})
