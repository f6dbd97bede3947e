import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '@shared/problem'
import { Draft, type DraftState, type Sign, type Standing } from './draft'
import { FileServer, MemoryShelf } from './testing/file-server'
import { chosen } from './values'

let server: FileServer
let shelf: MemoryShelf
let signs: Sign[]

function aPage(page = 'page-1'): Draft<Standing> {
  const changed = (state: DraftState<Standing>): void => {
    if (signs[signs.length - 1] !== state.sign) signs.push(state.sign)
  }
  return new Draft(server, shelf, page, changed)
}

async function opened(page?: string): Promise<Draft<Standing>> {
  const draft = aPage(page)
  await draft.open()
  return draft
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
  server = new FileServer()
  shelf = new MemoryShelf()
  signs = []
})
afterEach(() => void vi.useRealTimers())

describe('a draft', () => {
  it('is written down at once and sent when its writer pauses', async () => {
    const draft = await opened()
    draft.set('school', '甲')
    expect(shelf.kept?.values).toEqual({ school: '甲' })
    await vi.advanceTimersByTimeAsync(1_400)
    draft.set('school', '甲校')
    await vi.advanceTimersByTimeAsync(1_400)
    expect(server.saves).toEqual([])
    await vi.advanceTimersByTimeAsync(100)
    expect(server.saves).toEqual([{ version: 1, values: { school: '甲校' }, closing: false }])
    expect(signs).toEqual(['saved', 'unsaved', 'saving', 'saved'])
    expect(shelf.kept).toBeNull()
  })

  it('sends what was typed while a save was under way after it, at the new version', async () => {
    const draft = await opened()
    draft.set('school', '甲')
    const first = draft.flush()
    draft.set('major', '乙')
    expect(await first).toBe(true)
    expect(server.saves.map((one) => one.version)).toEqual([1, 2])
    expect(server.values).toEqual({ school: '甲', major: '乙' })
    expect(draft.state.sign).toBe('saved')
  })

  it('that is put back to what it was is not sent', async () => {
    server.values = { school: '甲' }
    const draft = await opened()
    draft.set('school', '甲乙')
    draft.set('school', '甲')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(server.saves).toEqual([])
    expect([draft.state.sign, shelf.kept]).toEqual(['saved', null])
  })

  it('waits for the network and is sent when it is back', async () => {
    const draft = await opened()
    server.reachable = false
    draft.set('school', '甲')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(draft.state.sign).toBe('offline')
    expect(shelf.kept?.values).toEqual({ school: '甲' })
    server.reachable = true
    await vi.advanceTimersByTimeAsync(30_000)
    expect(server.values).toEqual({ school: '甲' })
    expect([draft.state.sign, shelf.kept]).toEqual(['saved', null])
  })

  it('says so when the browser keeps nothing and the network is gone', async () => {
    shelf.full = true
    const draft = await opened()
    server.reachable = false
    draft.set('school', '甲')
    await vi.advanceTimersByTimeAsync(1_500)
    expect(draft.state.sign).toBe('memory')
  })

  it('of a closed page is taken up by the next one', async () => {
    const closed = await opened()
    server.reachable = false
    closed.set('school', '甲')
    closed.stop()
    await vi.advanceTimersByTimeAsync(0)
    server.reachable = true
    const next = await opened('page-2')
    expect(next.state.values).toEqual({ school: '甲' })
    await vi.advanceTimersByTimeAsync(0)
    expect(server.values).toEqual({ school: '甲' })
    expect(shelf.kept).toBeNull()
  })

  it('can be gone on with when the page opens without a network', async () => {
    const closed = await opened()
    server.reachable = false
    closed.set('school', '甲')
    const next = await opened('page-2')
    expect(next.state.trouble).toBeNull()
    expect(next.state.values).toEqual({ school: '甲' })
    next.set('major', '乙')
    server.reachable = true
    expect(await next.flush()).toBe(true)
    expect(server.values).toEqual({ school: '甲', major: '乙' })
  })

  it('sends at once when its page goes, and says that no answer may be heard', async () => {
    const draft = await opened()
    draft.set('school', '甲')
    draft.stop()
    await vi.advanceTimersByTimeAsync(0)
    expect(server.saves).toEqual([{ version: 1, values: { school: '甲' }, closing: true }])
  })

  it('whose answer got lost is found to have arrived', async () => {
    const draft = await opened()
    server.swallow = true
    draft.set('school', '甲')
    await draft.flush()
    expect(draft.state.sign).toBe('offline')
    server.swallow = false
    await vi.advanceTimersByTimeAsync(3_000)
    expect(draft.state.conflict).toBeNull()
    expect([draft.state.sign, draft.at, shelf.kept]).toEqual(['saved', 2, null])
  })

  it('goes on when only the number has moved', async () => {
    const draft = await opened()
    server.version = 5
    draft.set('school', '甲')
    expect(await draft.flush()).toBe(true)
    expect([server.values, draft.at]).toEqual([{ school: '甲' }, 6])
  })

  it('another device has changed is put before the person, and his choice is saved', async () => {
    const draft = await opened()
    server.elsewhere({ school: '丙', post: '主任' })
    draft.set('school', '甲')
    draft.set('major', '乙')
    expect(await draft.flush()).toBe(false)
    const conflict = draft.state.conflict
    expect(conflict?.codes).toEqual(['major', 'post', 'school'])
    draft.resolve(chosen(draft.state.values, conflict?.theirs.values ?? {}, { school: 'mine', major: 'mine', post: 'theirs' }))
    await vi.advanceTimersByTimeAsync(0)
    expect(server.values).toEqual({ school: '甲', major: '乙', post: '主任' })
    expect([draft.state.sign, draft.state.conflict, shelf.kept]).toEqual(['saved', null, null])
  })

  it('keeps what it has while nobody has chosen, also over a reload', async () => {
    const draft = await opened()
    server.elsewhere({ school: '丙' })
    draft.set('school', '甲')
    await draft.flush()
    draft.stop()
    const next = await opened('page-2')
    expect(next.state.conflict?.codes).toEqual(['school'])
    expect(next.state.values).toEqual({ school: '甲' })
    expect(shelf.kept?.values).toEqual({ school: '甲' })
  })

  it('of a file that was closed meanwhile is shown once more, then let go', async () => {
    const draft = await opened()
    draft.set('school', '甲')
    server.editable = false
    expect(await draft.flush()).toBe(false)
    expect(draft.state.conflict).toMatchObject({ closed: true, codes: ['school'] })
    draft.resolve({})
    expect([draft.state.values, draft.state.conflict, shelf.kept]).toEqual([{}, null, null])
  })

  it('of a closed file says only what was written here, and nothing of what others added', async () => {
    server.values = { post: '主任' }
    const draft = await opened()
    draft.set('school', '甲')
    server.elsewhere({ post: '院长', major: '乙' })
    server.editable = false
    await draft.flush()
    expect(draft.state.conflict).toMatchObject({ closed: true, codes: ['school'] })
  })

  it('the server refuses is kept, and tried again only when it was changed', async () => {
    const draft = await opened()
    server.refuse = new Problem('wrong_value', 400, { field: 'school' })
    draft.set('school', '甲')
    await vi.advanceTimersByTimeAsync(60_000)
    expect([draft.state.sign, server.saves.length]).toEqual(['refused', 1])
    expect(shelf.kept?.values).toEqual({ school: '甲' })
    server.refuse = null
    draft.set('school', '乙')
    await vi.advanceTimersByTimeAsync(1_500)
    expect([draft.state.sign, server.values]).toEqual(['saved', { school: '乙' }])
  })

  it('of another tab is left on the shelf', async () => {
    const [one, other] = [await opened('page-1'), await opened('page-2')]
    one.set('school', '甲')
    other.set('major', '乙')
    await one.flush()
    expect(shelf.kept).toMatchObject({ page: 'page-2', values: { major: '乙' } })
  })

  it('drops a complaint about what was changed since, and keeps the others', async () => {
    const draft = await opened()
    draft.take({ ...(await server.load()), problems: [{ field: 'school', code: 'x' }, { field: 'major', code: 'y' }] })
    draft.set('school', '甲')
    expect(draft.state.problems).toEqual([{ field: 'major', code: 'y' }])
  })
})
